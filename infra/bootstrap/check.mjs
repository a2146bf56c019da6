import { join } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { root, run } from './run.mjs'

/** Nothing is downloaded, and no file is left behind. */
const denoFlags = ['--no-config', '--no-lock', '--no-remote', '--cached-only', '--node-modules-dir=manual']

/** Several at once: most of them use one core each. */
const AT_ONCE = 2

/** `npm run check`: types, lint, dependency rules, dead code, generated files. Shows what the failing ones say. */
await runScript(async () => {
  const { node24, env } = await prepare()
  const bin = (/** @type {string} */ name) => join(root, 'node_modules', '.bin', name)
  /** @type {[string, string, string[]][]} */
  const waiting = [
    ['types: origin, db', bin('tsc'), ['-p', '.']],
    ['types: test', bin('tsc'), ['-p', 'test']],
    ['types: web', 'npm', ['run', '--silent', 'check', '-w', '@streamtube/web']],
    ['types: edge', bin('tsc'), ['-p', 'edge']],
    ['types: edge, tests', bin('tsc'), ['-p', 'edge/tsconfig.test.json']],
    ['types: edge on Deno', bin('deno'), ['check', ...denoFlags, 'edge/src/main.deno.ts']],
    ['types: infra', bin('tsc'), ['-p', 'infra']],
    ['format and lint', bin('biome'), ['check', '--error-on-warnings', '.']],
    [
      'dependency rules',
      bin('depcruise'),
      ['--config', '.dependency-cruiser.mjs', 'edge', 'origin', 'db', 'web', 'test'],
    ],
    ['dead code', bin('knip'), []],
    ['generated files', node24, [join(root, 'infra', 'bootstrap', 'generate.mjs'), '--check']],
  ]
  // The pages' configuration is partly made, and looked at by more than one check.
  await run('npm', ['run', '--silent', 'sync', '-w', '@streamtube/web'], { env })
  let failures = 0
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const [name, command, args] = check
      const startedAt = Date.now()
      const { code, output } = await run(command, args, { env })
      const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
      process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`)
      if (code === 0) continue
      failures++
      process.stdout.write(`${output.trimEnd()}\n`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return failures === 0 ? 0 : 1
})
