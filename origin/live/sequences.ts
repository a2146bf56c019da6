import type { Logger } from '../log.ts'
import { type IngestApi, isFinalFailure } from './ingest-api.ts'
import type { LiveMetrics } from './metrics.ts'
import { retry } from './retry.ts'

export interface SequencesOptions {
  timelineId: string
  epoch: number
  firstSequence: number
  count: number
  api: Pick<IngestApi, 'reserveSequences'>
  /** Another epoch has taken the numbers that follow: this one must end. */
  onFenced(): void
  log: Logger
  metrics: LiveMetrics
}

/** Keeps a block of media sequence numbers ahead of the packager (MEDIA.md 9); the stream never waits for it. */
export class Sequences {
  readonly #options: SequencesOptions
  readonly #closed = new AbortController()
  #end: number
  #reserving = false

  constructor(options: SequencesOptions) {
    this.#options = options
    this.#end = options.firstSequence + options.count
  }

  /** Reserves the next block once half of this one is used. */
  use(nextSequence: number): void {
    if (this.#reserving || this.#closed.signal.aborted) return
    if (this.#end - nextSequence > this.#options.count / 2) return
    this.#reserving = true
    this.#reserve()
      .catch((error) => this.#failed(error))
      .finally(() => {
        this.#reserving = false
      })
  }

  close(): void {
    this.#closed.abort()
  }

  async #reserve(): Promise<void> {
    const { timelineId, epoch, count, api, metrics, log } = this.#options
    const answer = await retry(() => api.reserveSequences({ timelineId, epoch, count }), {
      signal: this.#closed.signal,
      isFinal: isFinalFailure,
      onFailure: (error, attempt) => {
        metrics.rpcFailed('ReserveSequences')
        if (attempt === 1) log.warn({ err: error }, 'No sequence numbers could be reserved; trying again')
      },
    })
    // Whoever is answered is the newest epoch: what lies between is its own, too, reserved by a call whose answer got lost.
    this.#end = Number(answer.firstSequence) + answer.count
  }

  #failed(error: unknown): void {
    if (this.#closed.signal.aborted) return
    this.#options.log.warn({ err: error }, 'Sequence numbers were refused')
    this.#options.onFenced()
  }
}
