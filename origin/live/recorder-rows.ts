import type { AppendIndexRequest } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { RenditionInfo, SegmentRecord } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import type { Logger } from '../log.ts'
import { isFinalFailure } from './ingest-api.ts'
import { retry } from './retry.ts'

/** A batch of index rows for the api: idempotent, so it may be sent again. */
export type IndexBatch = Pick<AppendIndexRequest, 'timelineId' | 'epoch' | 'renditions' | 'segments'>

/** A row on its way to the index. */
export interface IndexRow {
  record: SegmentRecord
  /** By a clock that is never set. */
  takenAtMs: number
  /** The api has it, or has refused it for good. */
  onAnswered(taken: boolean): void
}

export interface RecorderRowsOptions {
  timelineId: string
  epoch: number
  append(batch: IndexBatch): Promise<unknown>
  /** Its abort gives up. */
  signal: AbortSignal
  log: Logger
  /** How long rows are gathered; a second unless told. */
  batchMs?: number | undefined
}

/** All renditions of a segment fit into one batch. */
const BATCH_MS = 1_000
const MAX_BATCH_SEGMENTS = 500
const MAX_BATCH_RENDITIONS = 64
const LONGEST_DELAY_MS = 2_000

/** Sends a recorder's index rows to the api: in batches, in order, until they are taken. Owner: the recorder. */
export class RecorderRows {
  readonly #options: RecorderRowsOptions
  /** By id and header. */
  readonly #renditions = new Map<string, RenditionInfo>()
  readonly #rows: IndexRow[] = []
  #appending: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(options: RecorderRowsOptions) {
    this.#options = options
    options.signal.addEventListener('abort', () => clearTimeout(this.#timer ?? undefined), { once: true })
  }

  /** Since when the oldest row waits; null when none does. */
  get oldestTakenAtMs(): number | null {
    return this.#rows[0]?.takenAtMs ?? null
  }

  describe(info: RenditionInfo): void {
    this.#renditions.set(`${info.id} ${info.header}`, info)
    this.#schedule()
  }

  add(row: IndexRow): void {
    this.#rows.push(row)
    this.#schedule()
  }

  /** Sends everything that is listed, one batch at a time. @throws the last failure, when it was given up */
  async send(): Promise<void> {
    while (this.#appending) await this.#appending.catch(() => {})
    this.#appending = this.#sendAll().finally(() => {
      this.#appending = null
    })
    await this.#appending
  }

  #schedule(): void {
    if (this.#options.signal.aborted) return
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      // One that is under way takes these rows, too: none waits behind it, or there were as many as batches once the api
      // has been away. Its failures are told as they happen; whoever drains sends what is left.
      if (!this.#appending) this.send().catch(() => {})
    }, this.#options.batchMs ?? BATCH_MS)
  }

  async #sendAll(): Promise<void> {
    const { timelineId, epoch, append, log, signal } = this.#options
    while (this.#renditions.size > 0 || this.#rows.length > 0) {
      const described = [...this.#renditions].slice(0, MAX_BATCH_RENDITIONS)
      const renditions = described.map(([, info]) => info)
      // None before its header.
      const isDescribed = described.length === this.#renditions.size
      const rows = isDescribed ? this.#rows.slice(0, MAX_BATCH_SEGMENTS) : []
      const segments = rows.map(({ record }) => record)
      let taken = true
      try {
        await retry(() => append({ timelineId, epoch, renditions, segments }), {
          signal,
          longestDelayMs: LONGEST_DELAY_MS,
          isFinal: isFinalFailure,
          onFailure(error, attempt) {
            if (attempt === 1 || attempt % 30 === 0) {
              log.warn({ err: error, attempt }, 'The api does not take index rows')
            }
          },
        })
      } catch (error) {
        if (!isFinalFailure(error)) throw error
        taken = false
        log.error({ err: error, segments: segments.length }, 'The api refused index rows')
      }
      for (const [key, info] of described) {
        if (this.#renditions.get(key) === info) this.#renditions.delete(key)
      }
      this.#rows.splice(0, rows.length)
      for (const row of rows) row.onAnswered(taken)
    }
  }
}
