import type { RenditionInfo, SegmentRecord } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import type { Logger } from '../log.ts'
import type { PackagerEvent } from '../media/packager.ts'
import type { SegmentEntry } from '../media/types.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { PortError } from '../ports/error.ts'
import type { LiveMetrics } from './metrics.ts'
import { gapOf, headerKey, infoOf, recordOf } from './recorder-records.ts'
import { type IndexBatch, RecorderRows } from './recorder-rows.ts'
import { retry } from './retry.ts'
import type { SpoolEpoch, SpooledSegment } from './spool/index.ts'

export interface RecorderOptions {
  spool: SpoolEpoch
  blobs: Blobs
  append(batch: IndexBatch): Promise<unknown>
  onStored(renditionId: string, epoch: number, sequence: number): void
  /** All that it took is stored and listed. */
  onDone?(): void
  log: Logger
  metrics: LiveMetrics
  /** Bytes of segments that may wait for the store in memory, 8 MiB unless told. */
  maxHeldBytes?: number
  /** How long index rows are gathered. */
  batchMs?: number
  /** A clock that is never set, in ms. */
  clockMs?: () => number
}

/** Stable codes for the creator's page. */
export type RecorderWarning = 'recording-incomplete' | 'store-behind' | 'disk-full' | 'spool-failing'

interface Item {
  record: SegmentRecord
  /** Null: they are in the spool alone, or were given up. */
  chunks: readonly Uint8Array[] | null
  /** Null when the spool would not have it. */
  spooled: SpooledSegment | null
  takenAtMs: number
}

const MAX_HELD_BYTES = 8 * 1024 * 1024
const BEHIND_MS = 10_000
const PUT_TIMEOUT_MS = 10_000
const LONGEST_DELAY_MS = 2_000
const SPOOL_READ_ATTEMPTS = 5

/**
 * Keeps an epoch of a broadcast: segments go to the spool at once, and from memory, or else from the spool, to blobs,
 * one after the other; their index rows to the api. It trails the stream and never holds it up: what stores don't take
 * waits in the spool, also beyond this process's life. Owner: whoever opened it at `Recordings`, who calls `drain`.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #clockMs: () => number
  readonly #queue: (Item | RenditionInfo)[] = []
  readonly #stopped = new AbortController()
  readonly #rows: RecorderRows
  #current: Item | null = null
  #heldBytes = 0
  #lost = 0
  #storing: Promise<void> | null = null

  constructor(options: RecorderOptions) {
    const { spool, append, log, batchMs, clockMs } = options
    const { timelineId, epoch } = spool
    this.#options = options
    this.#clockMs = clockMs ?? (() => performance.now())
    this.#rows = new RecorderRows({
      timelineId,
      epoch,
      append,
      signal: this.#stopped.signal,
      log,
      batchMs,
    })
  }

  /** True when segments had to be given up. */
  get isLosing(): boolean {
    return this.#lost > 0
  }

  get warnings(): RecorderWarning[] {
    const { problem } = this.#options.spool
    const warnings: RecorderWarning[] = problem ? [problem] : []
    if (this.isLosing) warnings.push('recording-incomplete')
    if (this.#behindMs() > BEHIND_MS) warnings.push('store-behind')
    return warnings
  }

  /**
   * Takes what the packager made; parts are no concern of the recorder.
   * @returns for a segment that is being spooled: settles when its record is written, or can't be. Null for what
   *   nothing is to wait for, also while the spool's disk is in trouble
   */
  take(event: PackagerEvent): Promise<void> | null {
    if (event.type === 'part' || this.#stopped.signal.aborted) return null
    if (event.type === 'rendition') {
      const info = infoOf(event)
      this.#options.spool.describe(info)
      this.#enqueue(info)
      return null
    }
    return this.#takeSegment(event.renditionId, event.entry, event.chunks)
  }

  /** Records that nothing was kept of these numbers of a rendition. */
  takeLost(renditionId: string, entries: readonly SegmentEntry[]): void {
    if (this.#stopped.signal.aborted) return
    for (const entry of entries) this.#takeSegment(renditionId, { ...entry, gap: true }, [])
  }

  /** Takes what an earlier run left in the spool. */
  takeLeft(): void {
    const { spool } = this.#options
    for (const info of spool.headers) this.#enqueue(info)
    for (const spooled of spool.segments) {
      this.#enqueue({ record: spooled.record, chunks: null, spooled, takenAtMs: this.#clockMs() })
    }
  }

  /**
   * Ends the epoch: nothing is taken any more. Resolves when blobs and api have all of it.
   * @param signal gives up waiting: what is left then goes on its way until `stop`, and lies in the spool meanwhile
   * @throws when it was given up or stopped
   */
  async drain(signal: AbortSignal): Promise<void> {
    // Never fails, and nobody waits for it: a disk that hangs has no say in when a broadcast is over.
    void this.#options.spool.close()
    const done = this.#finish()
    // Whoever gave up does not wait for its failure.
    done.then(
      () => this.#options.onDone?.(),
      () => {},
    )
    signal.throwIfAborted()
    const { promise, reject } = Promise.withResolvers<never>()
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await Promise.race([done, promise])
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** Sends nothing more: what is left stays in the spool. */
  stop(): void {
    this.#stopped.abort()
    for (const item of [this.#current, ...this.#queue.splice(0)])
      if (item && isSegment(item)) this.#release(item)
  }

  #takeSegment(
    renditionId: string,
    entry: SegmentEntry,
    chunks: readonly Uint8Array[],
  ): Promise<void> | null {
    const { spool } = this.#options
    const record = recordOf(spool.timelineId, renditionId, entry)
    const spooled = spool.append(record, chunks)
    this.#hold(record.sizeBytes)
    this.#enqueue({ record, chunks, spooled, takenAtMs: this.#clockMs() })
    if (this.#heldBytes > (this.#options.maxHeldBytes ?? MAX_HELD_BYTES)) {
      this.#shrink()
      spooled?.written.then(() => this.#shrink())
    }
    return spool.problem || !spooled ? null : spooled.written
  }

  #enqueue(item: Item | RenditionInfo): void {
    this.#queue.push(item)
    this.#storing ??= this.#store()
  }

  async #finish(): Promise<void> {
    await this.#storing
    this.#stopped.signal.throwIfAborted()
    await this.#rows.send()
  }

  async #store(): Promise<void> {
    const { signal } = this.#stopped
    for (let item = this.#queue.shift(); item && !signal.aborted; item = this.#queue.shift()) {
      if (isSegment(item)) {
        this.#current = item
        await this.#storeSegment(item)
        this.#current = null
      } else await this.#storeHeader(item)
    }
    // In the turn that found the queue empty: what is taken after it begins anew.
    this.#storing = null
  }

  /** Its row carries the header, too: the api keeps it where the store would not. */
  async #storeHeader(info: RenditionInfo): Promise<void> {
    this.#rows.describe(info)
    const { timelineId, epoch } = this.#options.spool
    await this.#put(headerKey(timelineId, epoch, info), [info.initSegment])
  }

  async #storeSegment(item: Item): Promise<void> {
    const { record, spooled, takenAtMs } = item
    const isKept = !record.gap && (await this.#storeMedia(item))
    if (this.#stopped.signal.aborted) return
    if (!isKept && !record.gap) this.#lose()
    this.#release(item)
    this.#rows.add({
      record: isKept ? record : gapOf(record),
      takenAtMs,
      onAnswered: (taken) => {
        if (!taken && isKept) this.#lose()
        spooled?.acknowledge()
      },
    })
  }

  /** False when its bytes are nowhere, or the store refuses them for good. */
  async #storeMedia({ record, chunks, spooled }: Item): Promise<boolean> {
    const bytes = chunks ?? (await this.#readSpool(spooled))
    if (!bytes || !(await this.#put(record.locator, bytes))) return false
    this.#options.onStored(record.renditionId, record.epoch, Number(record.sequence))
    this.#options.metrics.recorded(record.sizeBytes)
    return true
  }

  async #readSpool(spooled: SpooledSegment | null): Promise<Uint8Array[] | null> {
    const { log } = this.#options
    let attempts = 0
    try {
      const bytes = await retry(async () => (await spooled?.read()) ?? null, {
        signal: this.#stopped.signal,
        isFinal: () => ++attempts === SPOOL_READ_ATTEMPTS,
        onFailure: (error, attempt) => this.#complain(error, attempt, 'The spool cannot be read'),
      })
      return bytes && [bytes]
    } catch (error) {
      if (!this.#stopped.signal.aborted) log.error({ err: error }, 'A segment cannot be read from the spool')
      return null
    }
  }

  /** @returns false when the store refuses it for good, or the recorder was stopped */
  async #put(key: string, chunks: readonly Uint8Array[]): Promise<boolean> {
    const { signal } = this.#stopped
    const { blobs, log } = this.#options
    const options = { contentType: 'video/mp4', timeoutMs: PUT_TIMEOUT_MS, signal }
    try {
      await retry(() => blobs.put(key, chunks, options), {
        signal,
        longestDelayMs: LONGEST_DELAY_MS,
        isFinal: (error) => error instanceof PortError && !error.retryable,
        onFailure: (error, attempt) => this.#complain(error, attempt, 'The store does not take segments'),
      })
      return true
    } catch (error) {
      if (!signal.aborted) log.error({ err: error, key }, 'The store refuses an object')
      return false
    }
  }

  /** Keeps the bound on memory: the newest that the spool has lies there alone; what nobody else has goes, oldest first. */
  #shrink(): void {
    const { maxHeldBytes = MAX_HELD_BYTES, spool } = this.#options
    while (this.#heldBytes > maxHeldBytes) {
      const held = this.#queue.filter((item) => isSegment(item)).filter(({ chunks }) => chunks !== null)
      const kept = held.findLast(({ spooled }) => spooled?.isKept)
      // The newest alone may be larger than the bound.
      const alone = held
        .slice(0, -1)
        .find(({ record, spooled }) => !record.gap && (!spooled?.isPending || spool.problem !== null))
      const item = kept ?? alone
      if (!item) return
      this.#release(item)
      if (item === kept) continue
      item.record = gapOf(item.record)
      this.#lose()
    }
  }

  #release(item: Item): void {
    if (item.chunks) this.#hold(-item.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
    item.chunks = null
  }

  #lose(): void {
    this.#options.metrics.lost()
    if (this.#lost++ > 0) return
    this.#options.log.error({}, 'Segments are given up and will be missing in the video')
  }

  #behindMs(): number {
    const nowMs = this.#clockMs()
    const first = this.#current ?? this.#queue.find((item) => isSegment(item))
    return nowMs - Math.min(this.#rows.oldestTakenAtMs ?? nowMs, first?.takenAtMs ?? nowMs)
  }

  #complain(error: unknown, attempt: number, message: string): void {
    if (attempt === 1 || attempt % 30 === 0) this.#options.log.warn({ err: error, attempt }, message)
  }

  #hold(changeBytes: number): void {
    this.#heldBytes += changeBytes
    this.#options.metrics.queued(changeBytes)
  }
}

function isSegment(item: Item | RenditionInfo): item is Item {
  return 'record' in item
}
