import { setTimeout as wait } from 'node:timers/promises'
import type { ReportStreamResponse } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { Logger } from '../log.ts'
import { isFinalFailure } from './ingest-api.ts'
import type { LiveMetrics } from './metrics.ts'
import { retry } from './retry.ts'

export interface ReporterOptions {
  /** Sends what is true at the moment of the call. */
  send(): Promise<Pick<ReportStreamResponse, 'end' | 'reason'>>
  /** The api wants the publisher gone. */
  onEnd(reason: string): void
  log: Logger
  metrics: LiveMetrics
  intervalMs?: number
}

/**
 * Tells the api once a second, and at once after `changed`, how a stream is. A report is a snapshot: one that fails is
 * not repeated, the next one follows. Only the last one is sent until it arrives.
 */
export class Reporter {
  readonly #options: ReporterOptions
  readonly #stopped = new AbortController()
  #wake: AbortController | null = null
  #changed = false
  #failures = 0
  readonly #loop: Promise<void>

  constructor(options: ReporterOptions) {
    this.#options = options
    this.#loop = this.#run()
  }

  /** The next report goes out without waiting for its second. */
  changed(): void {
    this.#changed = true
    this.#wake?.abort()
  }

  /**
   * Stops, and sends the last report until the api has it.
   * @throws the last failure when the signal gave up
   */
  async finish(signal: AbortSignal): Promise<void> {
    await this.stop()
    await retry(() => this.#options.send(), {
      signal,
      isFinal: isFinalFailure,
      onFailure: (error, attempt) => this.#complain(error, attempt),
    })
  }

  /** Sends no more; resolves when no report is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#wake?.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      this.#changed = false
      try {
        const { end, reason } = await this.#options.send()
        this.#failures = 0
        if (end && !this.#stopped.signal.aborted) this.#options.onEnd(reason)
      } catch (error) {
        this.#complain(error, ++this.#failures)
        if (isFinalFailure(error)) this.#options.onEnd('unknown')
      }
      await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    if (this.#changed || this.#stopped.signal.aborted) return
    this.#wake = new AbortController()
    try {
      await wait(this.#options.intervalMs ?? 1_000, undefined, { signal: this.#wake.signal })
    } catch {
      // Woken early.
    }
  }

  #complain(error: unknown, attempt: number): void {
    this.#options.metrics.rpcFailed('ReportStream')
    if (attempt === 1 || attempt % 30 === 0) {
      this.#options.log.warn({ err: error, attempt }, 'The api does not take reports; the stream goes on')
    }
  }
}
