import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { SetupError } from './report.mjs'
import { findProgram, root, run, tail } from './run.mjs'

/**
 * Compares what npm says it installed with the lock file.
 * @param {string} lock text of package-lock.json
 * @param {string | null} installed text of node_modules/.package-lock.json, which npm writes when it is through
 */
export function isInstalled(lock, installed) {
  if (installed === null) return false
  const wanted = JSON.parse(lock).packages
  const present = JSON.parse(installed).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true
    const other = present[path]
    // What is optional may be for another system.
    if (!other) return entry.optional === true || entry.devOptional === true
    return other.version === entry.version && other.integrity === entry.integrity
  })
}

/**
 * Installs the packages of package-lock.json unless they are there.
 * @param {import('./report.mjs').Report} report
 */
export async function ensurePackages(report) {
  await report.step('Packages', async (detail) => {
    const marker = join(root, 'node_modules', '.package-lock.json')
    const installed = existsSync(marker) ? readFileSync(marker, 'utf8') : null
    if (isInstalled(readFileSync(join(root, 'package-lock.json'), 'utf8'), installed)) return 'are there'
    detail('installing, about a minute')
    const [command, ...args] = npmCommand()
    // Not "ci": it refuses a lock that was made where packages for other systems were not to be had.
    const result = await run(command, [
      ...args,
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ])
    if (result.code !== 0)
      throw new SetupError(`The packages could not be installed:\n${tail(result.output)}`)
    return 'installed'
  })
}

/** npm, run by a node that npm won't delete while it runs. */
function npmCommand() {
  const inPackages = process.execPath.includes(`${sep}node_modules${sep}`)
  const node = inPackages ? findProgram('node') : process.execPath
  const script = process.env.npm_execpath
  if (node && script?.endsWith('npm-cli.js')) return [node, script]
  const besideNode = node ? join(dirname(node), 'npm') : ''
  return [existsSync(besideNode) ? besideNode : 'npm']
}
