import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type DemoFile, demoFileSchema } from '../../origin/demo/demo-file.ts'
import { findFreePorts } from '../../origin/supervisor/free-ports.ts'
import { followLive } from './lint-poller.ts'
import { processesWith } from './processes.ts'

const repository = resolve(fileURLToPath(import.meta.url), '..', '..', '..')
const MAX_LOG_LINES = 5000

export interface PlatformOptions {
  demo?: boolean
  /** More variables; they win over the random ports and the temporary folder. */
  env?: Record<string, string>
  /** A repository to start instead of this one. */
  root?: string
  /** How to start it; the bootstrap itself unless told (`npm start` puts npm in between). */
  command?: readonly [string, ...string[]]
  /** How long the start may take; 100 s unless told. */
  deadlineMs?: number
}

/** One log line of any part. */
export type LogLine = { level: string; process: string; msg: string } & Record<string, unknown>

/** A whole StreamTube, as `npm start` runs it. */
export interface Platform {
  url: string
  /** Where encoders publish, without the key. */
  rtmpUrl: string
  dataDir: string
  /** One-time link that makes the first account; absent once there is one. */
  setupLink: string | undefined
  /** From the start to the site's being ready. */
  startMs: number
  demo: DemoFile | undefined
  /** The last 5,000 lines of all parts. */
  logs: readonly LogLine[]
  /** Its processes, each with its command, also those that a part has started. */
  processes(): { pid: number; command: string }[]
  /** Ends it as Ctrl-C does (or by another signal) and answers the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

/**
 * Starts StreamTube on random loopback ports and a DATA_DIR of its own, which goes with `stop` unless the caller named
 * one.
 * @throws with the log's end when it ends or isn't ready in time
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const { demo = false, env = {}, root = repository, deadlineMs = 100_000 } = options
  const [program, ...args] = options.command ?? [process.execPath, join('infra', 'bootstrap', 'start.mjs')]
  const [port = 0, rtmpPort = 0] = await findFreePorts(2)
  const dataDir = env.DATA_DIR ?? mkdtempSync(join(tmpdir(), 'streamtube-data-'))
  const run = randomUUID()
  const startedAt = performance.now()
  const child = spawn(program, [...args, ...(demo ? ['--demo'] : [])], {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(port),
      RTMP_PORT: String(rtmpPort),
      METRICS_PORT: '0',
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      ...env,
      STREAMTUBE_RUN: run,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A terminal sends Ctrl-C to all of its group, npm and shell included.
    detached: true,
  })
  const orphanGuard = guard(child)
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    orphanGuard.kill()
    const code = await end(child, signal)
    if (env.DATA_DIR === undefined) rmSync(dataDir, { recursive: true, force: true })
    return code
  }
  const logs: LogLine[] = []
  try {
    const ready = await waitUntilReady(child, logs, deadlineMs)
    const demoFile = demo ? readDemo(resolve(root, dataDir, 'demo.json')) : undefined
    const follower = demoFile && followLive(new URL(demoFile.live.master, String(ready.url)))
    return {
      url: String(ready.url),
      rtmpUrl: `rtmp://127.0.0.1:${env.RTMP_PORT ?? rtmpPort}/live`,
      dataDir,
      setupLink: ready.setupLink === undefined ? undefined : String(ready.setupLink),
      startMs: performance.now() - startedAt,
      demo: demoFile,
      logs,
      processes: () => processesWith('STREAMTUBE_RUN', run),
      stop: async (signal) => {
        await follower?.stop()
        return stop(signal)
      },
    }
  } catch (error) {
    await stop('SIGTERM')
    throw error
  }
}

/** Ends a program with this process, however that ends: its own end of the pipe closes even when it is killed. */
function guard(child: ChildProcess): ChildProcess {
  const watcher = spawn('sh', ['-c', `cat > /dev/null; kill -INT ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watcher.unref()
  return watcher
}

function readDemo(file: string): DemoFile {
  return demoFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
}

function waitUntilReady(child: ChildProcess, logs: LogLine[], deadlineMs: number): Promise<LogLine> {
  return new Promise((resolve, reject) => {
    const fail = (what: string) => {
      clearTimeout(timer)
      const end = logs.slice(-40).map((line) => JSON.stringify(line))
      reject(new Error(`StreamTube ${what}. The end of its log:\n${end.join('\n')}`))
    }
    const timer = setTimeout(() => fail(`was not ready within ${deadlineMs} ms`), deadlineMs)
    child.once('close', (code) => fail(`ended with ${code}`))
    const read = (text: string) => {
      const line = parse(text)
      logs.push(line)
      if (logs.length > MAX_LOG_LINES) logs.shift()
      if (line.msg !== 'StreamTube is ready') return
      clearTimeout(timer)
      resolve(line)
    }
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', read)
    }
  })
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine
  } catch {
    return { level: 'warn', process: '?', msg: text }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
  if (child.pid && child.exitCode === null && child.signalCode === null) {
    const closed = once(child, 'close')
    process.kill(-child.pid, signal)
    await closed
  }
  return child.exitCode ?? -1
}
