import { type ChildProcess, spawn } from 'node:child_process'
import type { Part } from '../config.ts'
import type { Logger } from '../log.ts'
import { EXIT_CONFIG } from '../role-process.ts'
import { countDeath, restartDelayMs } from './backoff.ts'
import { lineSplitter, messageOf, toLogLine } from './lines.ts'
import type { PartSpec } from './parts.ts'
import { pause } from './pause.ts'

const READY_POLL_MS = 40
const READY_TIMEOUT_MS = 2000
/** How long a process that is to replace another may take to be ready. */
const REPLACEMENT_MS = 30_000

export interface ChildOwner {
  log: Logger
  /** Takes one JSON log line of the child. */
  write(line: string): void
  /** A process of the child was started. */
  onStart(pid: number): void
  /** The child has died, so many times in a row, and is about to be started again. */
  onDeath(part: Part, deathsInRow: number): void
  /** It can't go on, ever: its configuration is wrong. */
  onHopeless(part: Part): void
}

export interface Child {
  readonly name: Part
  /** Its processes: more than one while one replaces another. */
  readonly pids: readonly number[]
  /** Resolves when the part answers 200 there. */
  answers(path: '/healthz' | '/readyz', signal: AbortSignal): Promise<void>
  isReady(): Promise<boolean>
  /**
   * Starts another process beside the one that runs and, once that is ready, tells the old one to go. Of a part that
   * can't be replaced, and when the new process fails, nothing changes.
   * @returns whether it was replaced
   */
  replace(): Promise<boolean>
  /** Asks the part to drain, waits, and leaves nothing of its process groups behind. */
  stop(): Promise<void>
  /** Ends it without asking. */
  kill(): void
}

interface Running {
  process: ChildProcess
  /** Resolves when it says that it is ready, rejects when it ends before. */
  ready: Promise<void>
  closed: Promise<void>
}

/** Runs one part, each process of it as a group of its own, and starts it again when it dies. */
export function runChild(spec: PartSpec, owner: ChildOwner): Child {
  const alive = new Set<Running>()
  let current: Running | undefined
  let deathsInRow = 0
  let stopping = false
  let restart: NodeJS.Timeout | undefined
  let replacing: Promise<boolean> | undefined

  function launch(more: readonly string[] = []): Running {
    const startedAtMs = Date.now()
    const child = spawn(spec.command, [...spec.args, ...more], {
      env: spec.env,
      cwd: spec.cwd,
      detached: true,
      stdio: 'pipe',
    })
    const ready = Promise.withResolvers<void>()
    const closed = Promise.withResolvers<void>()
    ready.promise.catch(() => {})
    const running: Running = { process: child, ready: ready.promise, closed: closed.promise }
    alive.add(running)
    pass(child, 'stdout', 'info', (line) => {
      if (spec.replacement && messageOf(line) === spec.replacement.readyMessage) ready.resolve()
    })
    pass(child, 'stderr', 'warn')
    // Writing nothing, we hold its stdin: when we are gone, it closes.
    child.stdin?.on('error', () => {})
    child.once('error', (error) => owner.log.error({ err: error }, `${spec.name} could not be started`))
    child.once('spawn', () => owner.onStart(child.pid ?? 0))
    child.once('close', (code, signal) => {
      alive.delete(running)
      killGroup(child.pid)
      ready.reject(new Error(`${spec.name} has ended`))
      closed.resolve()
      if (running === current) onDeath(code, signal, Date.now() - startedAtMs)
    })
    return running
  }

  function onDeath(code: number | null, signal: NodeJS.Signals | null, ranMs: number) {
    current = undefined
    if (stopping) return
    if (code === EXIT_CONFIG) return owner.onHopeless(spec.name)
    deathsInRow = countDeath(deathsInRow, ranMs)
    const delayMs = restartDelayMs(deathsInRow)
    owner.log.warn({ code, signal, delayMs }, `${spec.name} has ended; it is started again`)
    owner.onDeath(spec.name, deathsInRow)
    restart = setTimeout(() => {
      current = launch()
    }, delayMs)
  }

  function pass(
    child: ChildProcess,
    name: 'stdout' | 'stderr',
    level: 'info' | 'warn',
    onLine: (line: string) => void = () => {},
  ) {
    const split = lineSplitter((line) => {
      owner.write(toLogLine(spec.name, line, level, Date.now()))
      onLine(line)
    })
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

  async function replace({ args, goneWithinMs }: NonNullable<PartSpec['replacement']>): Promise<boolean> {
    if (stopping) return false
    const next = launch(args)
    const late = setTimeout(() => killGroup(next.process.pid), REPLACEMENT_MS)
    try {
      await next.ready
    } catch (err) {
      if (!stopping) owner.log.error({ err }, `${spec.name} could not be replaced; the one that runs goes on`)
      return false
    } finally {
      clearTimeout(late)
    }
    if (stopping) return false
    clearTimeout(restart)
    const old = current
    current = next
    if (old) void end(old, 'SIGHUP', goneWithinMs)
    return true
  }

  /** Asks a process to end, and ends its group when it takes too long. */
  async function end({ process, closed }: Running, signal: NodeJS.Signals, withinMs: number): Promise<void> {
    process.kill(signal)
    const deadline = setTimeout(() => {
      owner.log.warn({ deadlineMs: withinMs }, `${spec.name} did not end in time; killed`)
      killGroup(process.pid)
    }, withinMs)
    await closed
    clearTimeout(deadline)
  }

  current = launch()
  return {
    name: spec.name,
    get pids() {
      return [...alive].flatMap(({ process }) => process.pid ?? [])
    },
    async answers(path, signal) {
      while (!(await probe(path))) await pause(READY_POLL_MS, signal)
    },
    isReady: () => probe('/readyz'),
    async replace() {
      if (!spec.replacement) return false
      replacing ??= replace(spec.replacement).finally(() => {
        replacing = undefined
      })
      return await replacing
    },
    async stop() {
      stopping = true
      clearTimeout(restart)
      await Promise.all([...alive].map((running) => end(running, 'SIGTERM', spec.stopWithinMs)))
    },
    kill() {
      stopping = true
      clearTimeout(restart)
      for (const { process } of alive) killGroup(process.pid)
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
