import { type ChildProcess, spawn } from 'node:child_process'
import type { Part } from '../config.ts'
import type { Logger } from '../log.ts'
import { EXIT_CONFIG } from '../role-process.ts'
import { countDeath, restartDelayMs } from './backoff.ts'
import { lineSplitter, toLogLine } from './lines.ts'
import type { PartSpec } from './parts.ts'

/** How long a part may drain; then its whole process group is killed. */
const STOP_DEADLINE_MS = 10_000
const READY_POLL_MS = 40
const READY_TIMEOUT_MS = 2000

export interface ChildOwner {
  log: Logger
  /** Takes one JSON log line of the child. */
  write(line: string): void
  /** The child was started, or started again. */
  onStart(pid: number): void
  /** The child has died, so many times in a row, and is about to be started again. */
  onDeath(part: Part, deathsInRow: number): void
  /** It can't go on, ever: its configuration is wrong. */
  onHopeless(part: Part): void
}

export interface Child {
  readonly name: Part
  readonly pid: number | undefined
  /** Resolves when the part answers 200 there. */
  answers(path: '/healthz' | '/readyz', signal: AbortSignal): Promise<void>
  isReady(): Promise<boolean>
  /** Asks the part to drain, waits, and leaves nothing of its process group behind. */
  stop(): Promise<void>
  /** Ends it without asking. */
  kill(): void
}

/** Runs one part as a process group of its own and starts it again when it dies. */
export function runChild(spec: PartSpec, owner: ChildOwner): Child {
  let current: ChildProcess | undefined
  let deathsInRow = 0
  let stopping = false
  let restart: NodeJS.Timeout | undefined

  function start() {
    const startedAtMs = Date.now()
    const child = spawn(spec.command, spec.args, {
      env: spec.env,
      cwd: spec.cwd,
      detached: true,
      stdio: 'pipe',
    })
    current = child
    pass(child, 'stdout', 'info')
    pass(child, 'stderr', 'warn')
    // Writing nothing, we hold its stdin: when we are gone, it closes.
    child.stdin?.on('error', () => {})
    child.once('error', (error) => owner.log.error({ err: error }, `${spec.name} could not be started`))
    child.once('spawn', () => owner.onStart(child.pid ?? 0))
    child.once('close', (code, signal) => {
      current = undefined
      killGroup(child.pid)
      if (stopping) return
      if (code === EXIT_CONFIG) return owner.onHopeless(spec.name)
      deathsInRow = countDeath(deathsInRow, Date.now() - startedAtMs)
      const delayMs = restartDelayMs(deathsInRow)
      owner.log.warn({ code, signal, delayMs }, `${spec.name} has ended; it is started again`)
      owner.onDeath(spec.name, deathsInRow)
      restart = setTimeout(start, delayMs)
    })
  }

  function pass(child: ChildProcess, name: 'stdout' | 'stderr', level: 'info' | 'warn') {
    const split = lineSplitter((line) => owner.write(toLogLine(spec.name, line, level, Date.now())))
    child[name]?.setEncoding('utf8').on('data', split)
  }

  async function probe(path: string): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(READY_TIMEOUT_MS)
      const response = await fetch(`http://127.0.0.1:${spec.metricsPort}${path}`, { signal })
      await response.body?.cancel()
      return response.ok
    } catch {
      return false
    }
  }

  start()
  return {
    name: spec.name,
    get pid() {
      return current?.pid
    },
    async answers(path, signal) {
      while (!(await probe(path))) await pause(READY_POLL_MS, signal)
    },
    isReady: () => probe('/readyz'),
    async stop() {
      stopping = true
      clearTimeout(restart)
      const child = current
      if (!child) return
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      const deadline = setTimeout(() => {
        owner.log.warn({ deadlineMs: STOP_DEADLINE_MS }, `${spec.name} did not end in time; killed`)
        killGroup(child.pid)
      }, STOP_DEADLINE_MS)
      await closed
      clearTimeout(deadline)
    },
    kill() {
      stopping = true
      clearTimeout(restart)
      killGroup(current?.pid)
    },
  }
}

/** Kills what is left of a part's process group: its own children, such as an ffmpeg. */
export function killGroup(pid: number | undefined): void {
  if (!pid) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const onAbort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
