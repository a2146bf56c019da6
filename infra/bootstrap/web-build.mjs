import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { SetupError } from './report.mjs'
import { root, run, tail } from './run.mjs'

const inputs = ['web', 'edge/contracts', 'package-lock.json']
const outputs = new Set(['node_modules', 'build', '.svelte-kit'])
const stampFile = join(root, 'web', 'build', 'inputs.sha256')

/**
 * Builds the pages unless the last build was made from the same files.
 * @param {import('./report.mjs').Report} report
 * @param {string} node24
 */
export async function ensureWebBuild(report, node24) {
  await report.step('Pages', async (detail) => {
    const stamp = hashOf(inputs)
    if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 'are built'
    detail('building')
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
    const env = { ...process.env, NODE_ENV: 'production' }
    const result = await run(node24, [vite, 'build', '--logLevel', 'warn'], { cwd: join(root, 'web'), env })
    if (result.code !== 0) throw new SetupError(`The pages could not be built:\n${tail(result.output, 30)}`)
    mkdirSync(join(root, 'web', 'build'), { recursive: true })
    writeFileSync(stampFile, stamp)
    return 'built'
  })
}

/** @param {string[]} paths relative to the repository */
function hashOf(paths) {
  const hash = createHash('sha256')
  for (const file of paths.flatMap((path) => filesBelow(join(root, path)))) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  }
  return hash.digest('hex')
}

/** @param {string} path @returns {string[]} */
function filesBelow(path) {
  if (path.endsWith('.json') && existsSync(path)) return [path]
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (outputs.has(entry.name)) return []
      const below = join(path, entry.name)
      return entry.isDirectory() ? filesBelow(below) : [below]
    })
}
