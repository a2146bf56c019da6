import { delimiter, dirname, join } from 'node:path'
import { findNode24 } from './node24.mjs'
import { ensurePackages } from './packages.mjs'
import { createReport, SetupError } from './report.mjs'
import { root } from './run.mjs'
import { ensureTool } from './system-tools.mjs'
import { ensureWebBuild } from './web-build.mjs'

/**
 * What the scripts beside `npm start` begin with.
 * @param {{ ffmpeg?: boolean, chromium?: boolean, web?: boolean }} [needs] packages and Node 24 are always needed
 * @returns {Promise<{ node24: string, env: NodeJS.ProcessEnv }>} `env`: Node 24 and packages' programs first on PATH
 */
export async function prepare({ ffmpeg = false, chromium = false, web = false } = {}) {
  const report = createReport()
  await ensurePackages(report)
  const node24 = await findNode24()
  const path = [dirname(node24), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, PATH: path }
  if (ffmpeg) await ensureTool(report, 'ffmpeg')
  if (chromium) env.CHROMIUM_PATH = await ensureTool(report, 'chromium')
  if (web) await ensureWebBuild(report, node24)
  return { node24, env }
}

/**
 * Runs a script's body; an error that is meant for people is shown as one line.
 * @param {() => Promise<number>} body answers the exit code
 */
export async function runScript(body) {
  try {
    process.exitCode = await body()
  } catch (error) {
    const message = error instanceof SetupError ? error.message : /** @type {Error} */ (error).stack
    process.stderr.write(`✗ ${message}\n`)
    process.exitCode = 1
  }
}
