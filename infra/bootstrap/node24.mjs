import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from './report.mjs'
import { findProgram, root, run } from './run.mjs'

const WANTED_MAJOR = 24

/**
 * The Node that runs StreamTube: the one among our packages, or the machine's own where that is new enough.
 * @returns {Promise<string>} its path
 */
export async function findNode24() {
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  const candidates = [packaged, process.execPath, findProgram('node')]
  for (const path of candidates) {
    if (!path || !existsSync(path)) continue
    // A binary for another C library is there but doesn't run.
    const { code, output } = await run(path, ['--version'], { timeoutMs: 10_000 })
    if (code === 0 && Number(/^v(\d+)/.exec(output)?.[1]) >= WANTED_MAJOR) return path
  }
  throw new SetupError(
    `StreamTube needs Node ${WANTED_MAJOR}: there is no package of it for ${process.platform}-${process.arch}, and this machine has ${process.version}. Install it from https://nodejs.org and run npm start again.`,
  )
}
