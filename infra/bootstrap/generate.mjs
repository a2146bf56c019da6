import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { SetupError } from './report.mjs'
import { root, run, tail } from './run.mjs'

/**
 * `npm run generate`: writes every file that is made from another: RPC types from .proto files, the web's API types from
 * the OpenAPI document, README's table from the configuration. With `--check` it writes nothing and fails if one is not
 * what it should be.
 */
await runScript(async () => {
  const { node24, env } = await prepare()
  const folder = mkdtempSync(join(tmpdir(), 'streamtube-generate-'))
  try {
    const made = [
      ...(await generateRpc(folder, env)),
      await generateApiTypes(folder, node24, env),
      await generateReadme(node24),
    ]
    const stale = made.filter(({ path, content }) => readOrNull(join(root, path)) !== content)
    const orphans = filesBelow(join(root, 'edge/contracts/gen')).filter(
      (path) => !made.some((file) => file.path === path),
    )
    if (process.argv.includes('--check')) {
      for (const path of [...stale.map((file) => file.path), ...orphans]) {
        process.stdout.write(`${path} is not current: npm run generate\n`)
      }
      return stale.length + orphans.length === 0 ? 0 : 1
    }
    for (const { path, content } of stale) {
      writeFileSync(join(root, path), content)
      process.stdout.write(`${path} written\n`)
    }
    for (const path of orphans) rmSync(join(root, path))
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** @param {string} folder @param {NodeJS.ProcessEnv} env */
async function generateRpc(folder, env) {
  const contracts = join(root, 'edge', 'contracts')
  await must('buf', ['generate', '--output', folder], { env, cwd: contracts })
  return filesBelow(join(folder, 'gen'), folder).map((path) => ({
    path: `edge/contracts/${path}`,
    content: readFileSync(join(folder, path), 'utf8'),
  }))
}

/** @param {string} folder @param {string} node24 @param {NodeJS.ProcessEnv} env */
async function generateApiTypes(folder, node24, env) {
  const { stdout } = await must(node24, [join(root, 'origin', 'api', 'print-openapi.ts')], { env })
  const document = join(folder, 'openapi.json')
  const types = join(folder, 'schema.d.ts')
  writeFileSync(document, stdout)
  const bin = join(root, 'web', 'node_modules', '.bin', 'openapi-typescript')
  await must(bin, [document, '--output', types], { env, cwd: join(root, 'web') })
  return { path: 'web/src/lib/api/schema.d.ts', content: readFileSync(types, 'utf8') }
}

/** @param {string} node24 */
async function generateReadme(node24) {
  const { stdout } = await must(node24, [join(root, 'origin', 'config-table.ts')], {})
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const between = /(<!-- configuration -->\n)[\s\S]*?(<!-- end of configuration -->)/
  if (!between.test(readme))
    throw new SetupError('README.md has lost the marks around its configuration table')
  return { path: 'README.md', content: readme.replace(between, (_, begin, end) => `${begin}${stdout}${end}`) }
}

/** @param {string} command @param {string[]} args @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options */
async function must(command, args, options) {
  const result = await run(command, args, options)
  if (result.code !== 0) throw new SetupError(`${command} ${args.join(' ')} failed:\n${tail(result.output)}`)
  return result
}

/** @param {string} folder @param {string} [from] @returns {string[]} paths relative to `from` */
function filesBelow(folder, from = root) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(from, join(entry.parentPath, entry.name)))
}

/** @param {string} file */
function readOrNull(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}
