import { setTimeout as wait } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Job } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import type { Logger } from '../log.ts'
import type { JobApi, Run } from './deps.ts'
import { JobError } from './job-error.ts'
import type { TranscodeMetrics } from './metrics.ts'

export interface WorkerOptions {
  api: JobApi
  /** Names this worker: whoever holds a lease. */
  workerId: string
  /** Does one job. Throws a JobError, or anything else, which is taken for a passing trouble. */
  run: (job: Job, run: Run) => Promise<void>
  log: Logger
  metrics: TranscodeMetrics
  /** How long a claim waits at the api for a job. */
  claimWaitMs?: number
  /** Pause after the api couldn't be reached. */
  retryMs?: number
}

const CLAIM_WAIT_MS = 20_000
/** On top of what the api waits by itself. */
const CLAIM_SLACK_MS = 5000
const RETRY_MS = 1000
/** A lease is renewed this often in its time. */
const HEARTBEATS_PER_LEASE = 4
const SHORTEST_HEARTBEAT_MS = 20
const HAND_BACK_MS = 3000

/**
 * Claims jobs and does them, one at a time. A job that is under way when it is closed is stopped and handed back, so that
 * another worker has it at once.
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #stop = new AbortController()
  readonly #loop: Promise<void>
  #reachable = false

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#loop = this.#work()
  }

  /** True while the api answers. */
  get isReady(): boolean {
    return this.#reachable
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#loop
  }

  async #work(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        const claimed = await this.#claim()
        this.#reachable = true
        if (claimed?.job) await this.#do(claimed.job, claimed.leaseMs)
      } catch (error) {
        if (signal.aborted) return
        if (this.#reachable) this.#options.log.warn({ err: error }, 'The api gives no jobs; trying again')
        this.#reachable = false
        await wait(this.#options.retryMs ?? RETRY_MS, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #claim() {
    const { api, workerId, claimWaitMs = CLAIM_WAIT_MS } = this.#options
    // The first claim doesn't wait: its answer says that the api is there.
    const waitMs = this.#reachable ? claimWaitMs : 0
    const { signal } = this.#stop
    return await api.claim({ workerId, waitMs }, { signal, timeoutMs: waitMs + CLAIM_SLACK_MS })
  }

  async #do(job: Job, leaseMs: number): Promise<void> {
    const kind = job.task.case ?? 'unknown'
    const startedMs = performance.now()
    const lost = new AbortController()
    let share = 0
    const heart = this.#heartbeat(job, leaseMs, () => share, lost)
    const signal = AbortSignal.any([this.#stop.signal, lost.signal])
    let failure: unknown = null
    try {
      await this.#options.run(job, {
        signal,
        progress: (value) => {
          share = value
        },
      })
    } catch (error) {
      failure = error
    }
    await heart.stop()
    const outcome = outcomeOf(failure, this.#stop.signal.aborted, lost.signal.aborted)
    this.#options.metrics.finished(kind, outcome, (performance.now() - startedMs) / 1000)
    if (outcome === 'lost') return
    await this.#finish(job, outcome, failure)
  }

  async #finish(job: Job, outcome: Outcome, failure: unknown): Promise<void> {
    const { api, workerId, log } = this.#options
    const about = { jobId: job.id, kind: job.task.case, attempt: job.attempt }
    const retryable = !(failure instanceof JobError) || failure.retryable
    const error =
      outcome === 'done' ? '' : outcome === 'handed back' ? 'the worker was stopped' : wordsOf(failure)
    if (outcome === 'done') log.debug(about, 'Job done')
    if (outcome === 'failed' && retryable)
      log.info({ ...about, err: failure }, 'Job failed; it may be tried again')
    if (outcome === 'failed' && !retryable) log.warn({ ...about, err: failure }, 'Job failed for good')
    if (outcome === 'handed back') log.info(about, 'Job handed back')
    try {
      await api.finish({ jobId: job.id, workerId, error, retryable }, { timeoutMs: HAND_BACK_MS })
    } catch (err) {
      // The lease runs out, then another worker does it.
      log.warn({ ...about, err }, "A job's end could not be told")
    }
  }

  #heartbeat(job: Job, leaseMs: number, share: () => number, lost: AbortController) {
    const { api, workerId, log } = this.#options
    const everyMs = Math.max(SHORTEST_HEARTBEAT_MS, leaseMs / HEARTBEATS_PER_LEASE)
    const stop = new AbortController()
    const { signal } = stop
    let renewedMs = performance.now()
    const beat = async () => {
      while (!signal.aborted) {
        await wait(everyMs, undefined, { signal }).catch(() => undefined)
        if (signal.aborted) return
        try {
          const request = { jobId: job.id, workerId, progress: share() }
          const { cancelled } = await api.heartbeat(request, { signal, timeoutMs: everyMs })
          renewedMs = performance.now()
          if (!cancelled) continue
          lost.abort(new JobError('cancelled', 'the job was taken away'))
          return
        } catch (error) {
          if (signal.aborted) return
          log.debug({ jobId: job.id, err: error }, 'A heartbeat was not heard')
          const isOver = performance.now() - renewedMs > leaseMs || isGone(error)
          if (isOver) return lost.abort(new JobError('cancelled', 'the lease ran out'))
        }
      }
    }
    const beating = beat()
    return {
      async stop() {
        stop.abort()
        await beating
      },
    }
  }
}

type Outcome = 'done' | 'failed' | 'handed back' | 'lost'

function outcomeOf(failure: unknown, stopped: boolean, lost: boolean): Outcome {
  if (failure === null) return 'done'
  if (lost) return 'lost'
  return stopped ? 'handed back' : 'failed'
}

/** True when the api says that there is no such job for us. */
function isGone(error: unknown): boolean {
  return (
    error instanceof ConnectError && (error.code === Code.NotFound || error.code === Code.FailedPrecondition)
  )
}

function wordsOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure)
}
