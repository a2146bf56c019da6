import { setTimeout as wait } from 'node:timers/promises'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { StreamReportSchema, StreamVerdict } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { Logger } from '../log.ts'
import type { LiveMetrics } from './metrics.ts'

export type StreamReport = MessageInitShape<typeof StreamReportSchema>

/** A stream that is reported. */
export interface ReportedStream {
  /** What is true of it now. */
  read(): StreamReport
  /** The api wants the publisher gone, for a reason of its own (a code). */
  onEnd(reason: string): void
}

/** A stream's way to its reports. */
export interface ReportHandle {
  /** The next report goes out at once. */
  changed(): void
  /** No more reports of this stream. */
  stop(): void
  /**
   * Sends the stream's last report until the api has it.
   * @throws the last failure, when the signal gave up
   */
  finish(signal: AbortSignal): Promise<void>
}

export interface StreamReportsOptions {
  send(reports: StreamReport[]): Promise<readonly Pick<StreamVerdict, 'end' | 'reason'>[]>
  log: Logger
  metrics: LiveMetrics
  intervalMs?: number
}

interface LastReport {
  report: StreamReport
  delivered: () => void
}

/**
 * Tells the api how a node's streams are: all of them in one call a second, and at once after a change. A report is a
 * snapshot, so one that fails isn't repeated, the next one follows; only a stream's last one is kept until it arrived.
 */
export class StreamReports {
  readonly #options: StreamReportsOptions
  readonly #streams = new Set<ReportedStream>()
  readonly #last = new Set<LastReport>()
  #running = false
  #changed = false
  #wake: AbortController | null = null
  #failures = 0
  #failure: unknown = null

  constructor(options: StreamReportsOptions) {
    this.#options = options
  }

  /** Whether the api takes reports, as far as is known. */
  get isHeard(): boolean {
    return this.#failures === 0
  }

  add(stream: ReportedStream): ReportHandle {
    this.#streams.add(stream)
    this.#changes()
    return {
      changed: () => this.#changes(),
      stop: () => this.#streams.delete(stream),
      finish: (signal) => this.#finish(stream, signal),
    }
  }

  async #finish(stream: ReportedStream, signal: AbortSignal): Promise<void> {
    this.#streams.delete(stream)
    const gaveUp = Promise.withResolvers<never>()
    const giveUp = () => gaveUp.reject(this.#failure ?? signal.reason)
    const arrived = new Promise<void>((delivered) => {
      const last = { report: stream.read(), delivered }
      this.#last.add(last)
      gaveUp.promise.catch(() => this.#last.delete(last))
    })
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    this.#changes()
    try {
      await Promise.race([arrived, gaveUp.promise])
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  #changes(): void {
    this.#changed = true
    // While the api is away its next attempt keeps to the second.
    if (this.#failures === 0) this.#wake?.abort()
    if (!this.#running) void this.#run()
  }

  /** Runs for as long as there is something to report. */
  async #run(): Promise<void> {
    this.#running = true
    // What begins or ends in the same moment goes into one call.
    await Promise.resolve()
    while (this.#streams.size > 0 || this.#last.size > 0) {
      this.#changed = false
      await this.#send()
      if (!this.#changed || this.#failures > 0) await this.#pause()
    }
    this.#running = false
  }

  async #send(): Promise<void> {
    const streams = [...this.#streams]
    const last = [...this.#last]
    try {
      const verdicts = await this.#options.send([
        ...streams.map((stream) => stream.read()),
        ...last.map(({ report }) => report),
      ])
      this.#failures = 0
      this.#failure = null
      for (const each of last) {
        this.#last.delete(each)
        each.delivered()
      }
      streams.forEach((stream, index) => {
        const verdict = verdicts[index]
        if (verdict?.end && this.#streams.has(stream)) stream.onEnd(verdict.reason)
      })
    } catch (error) {
      this.#complain(error)
    }
  }

  async #pause(): Promise<void> {
    this.#wake = new AbortController()
    try {
      await wait(this.#options.intervalMs ?? 1_000, undefined, { signal: this.#wake.signal })
    } catch {
      // Woken early.
    }
    this.#wake = null
  }

  #complain(error: unknown): void {
    this.#failure = error
    this.#options.metrics.rpcFailed('ReportStreams')
    if (this.#failures++ % 30 === 0) {
      this.#options.log.warn({ err: error }, 'The api does not take reports; the streams go on')
    }
  }
}
