import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNode24 } from './node24.mjs'
import { ensurePackages } from './packages.mjs'
import { explainPort, tryPort } from './ports.mjs'
import { createReport, SetupError } from './report.mjs'
import { root } from './run.mjs'
import { openSetupPage } from './setup-page.mjs'
import { ensureTool } from './system-tools.mjs'
import { ensureWebBuild } from './web-build.mjs'

/**
 * `npm start`: holds the site's port with a page that shows the set-up, prepares what is missing, then runs the
 * supervisor and hands the port over. Plain JavaScript for Node 20, without packages: it runs before they are there.
 */
const usage = `npm start [-- --demo] [-- --dev]

  --demo  a site to look at: generated streams and videos, kept in .data-demo
  --dev   every part restarts when its files change

README.md lists the environment variables.
`

/** A second Ctrl-C this much later means: end now. */
const IMPATIENT_AFTER_MS = 1000

const report = createReport()

/**
 * What a signal does now. The listeners stay: a signal that came just before one is taken off would be lost.
 * @type {(signal: NodeJS.Signals) => void}
 */
let onSignal = () => process.exit(130)

function followSignals() {
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(name, (signal) => onSignal(signal))
}

async function main() {
  const flags = new Set(process.argv.slice(2))
  if (flags.delete('--help')) return void process.stdout.write(usage)
  const env = environmentFor(flags)
  if (flags.size > 0)
    throw new SetupError(`Unknown option ${[...flags].join(' ')}. There are --demo, --dev and --help.`)

  followSignals()
  const page = await holdPort(env)
  try {
    await ensurePackages(report)
    await ensureTool(report, 'ffmpeg')
    const node24 = await findNode24()
    if (env.WATCH !== '1') await ensureWebBuild(report, node24)
    await runSupervisor(node24, env, page)
  } catch (error) {
    report.fail(explain(error))
    process.exitCode = 1
  } finally {
    await page.close()
  }
}

/** @param {Set<string>} flags those that are known are taken out */
function environmentFor(flags) {
  const env = { ...process.env }
  // Compiled modules are kept beside the packages they come from, so that the next start is quick.
  env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'node-compile')
  if (flags.delete('--dev')) env.WATCH = '1'
  if (flags.delete('--demo')) {
    env.DEMO = '1'
    env.DATA_DIR ||= '.data-demo'
  }
  return env
}

/** @param {NodeJS.ProcessEnv} env */
async function holdPort(env) {
  const host = env.HOST || '0.0.0.0'
  const rtmpPort = portFrom(env, 'RTMP_PORT', 1935)
  const port = portFrom(env, 'PORT', 8080)
  const rtmpError = await tryPort(rtmpPort, host)
  if (rtmpError) throw new SetupError(await explainPort('RTMP_PORT', rtmpPort, rtmpError))
  try {
    const page = await openSetupPage(report, { port, host, tls: tlsFrom(env) })
    const scheme = env.TLS_CERT ? 'https' : 'http'
    report.say(`StreamTube sets itself up: ${env.PUBLIC_URL || `${scheme}://localhost:${port}`}`)
    return page
  } catch (error) {
    throw new SetupError(await explainPort('PORT', port, /** @type {NodeJS.ErrnoException} */ (error)))
  }
}

/** @param {NodeJS.ProcessEnv} env @param {string} name @param {number} fallback */
function portFrom(env, name, fallback) {
  const text = env[name] || String(fallback)
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new SetupError(`${name} must be a port number, not "${text}".`)
  return port
}

/** @param {NodeJS.ProcessEnv} env */
function tlsFrom(env) {
  if (!env.TLS_CERT || !env.TLS_KEY) return null
  try {
    return { cert: readFileSync(env.TLS_CERT), key: readFileSync(env.TLS_KEY) }
  } catch (error) {
    throw new SetupError(`TLS_CERT or TLS_KEY cannot be read: ${/** @type {Error} */ (error).message}`)
  }
}

/**
 * Runs the supervisor to its end, in a process group of its own: a Ctrl-C in the terminal then reaches it once, through
 * us.
 * @param {string} node24
 * @param {NodeJS.ProcessEnv} env
 * @param {{ close(): Promise<void> }} page
 */
async function runSupervisor(node24, env, page) {
  const child = spawn(node24, [join(root, 'origin', 'main.ts'), 'all'], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  passSignals(child)
  void report.step('Start', (detail) => followStart(child, page, detail))
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    // A signal that came before it could listen has ended it, as it should.
    child.once('exit', (status, signal) =>
      resolve(status ?? (signal === 'SIGTERM' || signal === 'SIGINT' ? 0 : 1)),
    )
  })
  const up = report.steps.every(({ state }) => state === 'done')
  if (!up && code !== 0) throw new SetupError('The start has failed; the lines above say why.')
  process.exitCode = code
}

/**
 * Shows what the supervisor says of its start, and hands the port over when it asks for it.
 * @param {import('node:child_process').ChildProcess} child
 * @param {{ close(): Promise<void> }} page
 * @param {(text: string, quiet?: boolean) => void} detail
 * @returns {Promise<string>}
 */
function followStart(child, page, detail) {
  return new Promise((resolve) => {
    child.on('message', async (/** @type {any} */ message) => {
      if (message?.type === 'progress') detail(message.detail, true)
      if (message?.type !== 'release-port') return
      await page.close()
      if (child.connected) child.send({ type: 'port-released' })
      resolve('all parts are up')
    })
  })
}

/** @param {import('node:child_process').ChildProcess} child */
function passSignals(child) {
  let firstAt = 0
  onSignal = (signal) => {
    // A terminal that closes says so by the signal that otherwise asks for a new edge.
    if (signal === 'SIGHUP' && !process.stdin.isTTY) return void child.kill('SIGHUP')
    if (firstAt === 0) {
      firstAt = Date.now()
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
    } else if (Date.now() - firstAt > IMPATIENT_AFTER_MS) {
      child.kill('SIGQUIT')
    }
  }
  // A shell between npm and us may die without passing the signal on.
  const parent = process.ppid
  const watch = setInterval(() => {
    if (!process.env.npm_lifecycle_event || process.ppid === parent) return
    clearInterval(watch)
    onSignal('SIGTERM')
  }, 1000)
  child.once('exit', () => clearInterval(watch))
}

/** @param {unknown} error */
function explain(error) {
  if (error instanceof SetupError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

try {
  await main()
} catch (error) {
  report.fail(explain(error))
  process.exitCode = 1
}
