import { create } from '@bufbuild/protobuf'
import type { AppendIndexRequest } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { RenditionInfo, SegmentRecord } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { RenditionInfoSchema, SegmentRecordSchema } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { initName } from '@streamtube/contracts/media-paths.ts'
import type { Logger } from '../log.ts'
import type { PackagerEvent } from '../media/packager.ts'
import type { SegmentEntry } from '../media/types.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { PortError } from '../ports/error.ts'
import { isFinalFailure } from './ingest-api.ts'
import type { LiveMetrics } from './metrics.ts'
import { retry } from './retry.ts'

/** A batch of index rows for the api: idempotent, so it may be sent again. */
export type IndexBatch = Pick<AppendIndexRequest, 'timelineId' | 'epoch' | 'renditions' | 'segments'>

export interface RecorderOptions {
  timelineId: string
  epoch: number
  blobs: Blobs
  append(batch: IndexBatch): Promise<unknown>
  onStored(renditionId: string, epoch: number, sequence: number): void
  log: Logger
  metrics: LiveMetrics
  /** Bytes that may wait for the store; beyond that the oldest segments are given up and listed as gaps. */
  maxQueuedBytes?: number
  /** How long index rows are gathered. */
  batchMs?: number
}

type RenditionEvent = Extract<PackagerEvent, { type: 'rendition' }>
type SegmentEvent = Extract<PackagerEvent, { type: 'segment' }>

const MAX_QUEUED_BYTES = 96 * 1024 * 1024
/** All renditions of a segment fit into one batch; what isn't listed when the node dies is lost. */
const BATCH_MS = 1_000
const MAX_BATCH_SEGMENTS = 500
const MAX_BATCH_RENDITIONS = 64
const PUT_TIMEOUT_MS = 10_000

/**
 * Keeps a broadcast: finished segments and headers go to blobs, one after the other, their index rows to the api in
 * batches. It trails the stream and never holds it up. Owner: the session, which calls `drain` once.
 */
export class Recorder {
  readonly #options: RecorderOptions
  readonly #queue: (RenditionEvent | SegmentEvent)[] = []
  /** By id and header. */
  readonly #renditions = new Map<string, RenditionInfo>()
  readonly #segments: SegmentRecord[] = []
  readonly #giveUp = new AbortController()
  #queuedBytes = 0
  #lost = 0
  #storing: Promise<void> | null = null
  #appending: Promise<void> | null = null
  #batchTimer: NodeJS.Timeout | null = null

  constructor(options: RecorderOptions) {
    this.#options = options
  }

  /** True when segments had to be given up. */
  get isLosing(): boolean {
    return this.#lost > 0
  }

  /**
   * Takes what the packager made; parts are no concern of the recorder.
   * @returns for a segment that is being spooled: settles when its record is written, or can't be; else null
   */
  take(event: PackagerEvent): Promise<void> | null {
    if (event.type === 'part' || this.#giveUp.signal.aborted) return null
    this.#queue.push(event)
    this.#count(sizeOf(event))
    while (this.#queuedBytes > (this.#options.maxQueuedBytes ?? MAX_QUEUED_BYTES)) {
      if (!this.#dropOldest()) break
    }
    this.#storing ??= this.#store()
    return null
  }

  /** Records that nothing was kept of these numbers of a rendition. */
  takeLost(renditionId: string, entries: readonly SegmentEntry[]): void {
    if (this.#giveUp.signal.aborted) return
    for (const entry of entries) this.#list(gapOf(renditionId, entry))
  }

  /**
   * Stores and lists what is left. Resolves when the api has acknowledged all of it.
   * @param signal gives up: what isn't stored by then is lost, and said so in the log
   * @throws the last failure when it gave up
   */
  async drain(signal: AbortSignal): Promise<void> {
    const giveUp = () => this.#giveUp.abort()
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    try {
      await this.#storing
      await this.#append()
    } finally {
      signal.removeEventListener('abort', giveUp)
      this.#giveUp.abort()
      if (this.#batchTimer) clearTimeout(this.#batchTimer)
      this.#count(-this.#queuedBytes)
    }
  }

  async #store(): Promise<void> {
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
      try {
        if (event.type === 'rendition') await this.#storeHeader(event)
        else await this.#storeSegment(event)
      } catch (error) {
        this.#lost++
        this.#options.log.error({ err: error }, 'A segment could not be stored and is lost')
        if (event.type === 'segment') this.#list(gapOf(event.renditionId, event.entry))
      }
      this.#count(-sizeOf(event))
    }
    // In the turn that found the queue empty: what is taken after it begins anew.
    this.#storing = null
  }

  async #storeHeader({ rendition, init, epoch, header }: RenditionEvent): Promise<void> {
    // Its row carries the header, too: the api keeps it where the store would not.
    const row = { ...rendition, initSegment: init, header: BigInt(header ?? 0) }
    this.#renditions.set(`${rendition.id} ${header ?? 0}`, create(RenditionInfoSchema, row))
    this.#scheduleBatch()
    await this.#put(`${this.#folder(rendition.id, epoch)}/${initName(header)}`, [init])
  }

  async #storeSegment({ renditionId, epoch, entry, chunks }: SegmentEvent): Promise<void> {
    if (entry.gap) return this.#list(gapOf(renditionId, entry))
    const locator = `${this.#folder(renditionId, epoch)}/s${entry.sequence}.m4s`
    await this.#put(locator, chunks)
    this.#options.onStored(renditionId, epoch, entry.sequence)
    this.#options.metrics.recorded(entry.sizeBytes)
    this.#list(create(SegmentRecordSchema, { ...entry, ...exact(entry), renditionId, locator }))
  }

  #list(record: SegmentRecord): void {
    this.#segments.push(record)
    this.#scheduleBatch()
  }

  async #put(key: string, chunks: readonly Uint8Array[]): Promise<void> {
    const { signal } = this.#giveUp
    await retry(
      () =>
        this.#options.blobs.put(key, chunks, { contentType: 'video/mp4', timeoutMs: PUT_TIMEOUT_MS, signal }),
      {
        signal,
        isFinal: (error) => error instanceof PortError && !error.retryable,
        onFailure: (error, attempt) => this.#complain(error, attempt, 'The store does not take segments'),
      },
    )
  }

  #scheduleBatch(): void {
    if (this.#giveUp.signal.aborted) return
    this.#batchTimer ??= setTimeout(() => {
      this.#batchTimer = null
      // Its failures are told by `complain`; `drain` sends what is left.
      this.#append().catch(() => {})
    }, this.#options.batchMs ?? BATCH_MS)
  }

  /** Sends everything that is listed, batch after batch; one at a time, so that rows arrive in order. */
  async #append(): Promise<void> {
    while (this.#appending) await this.#appending.catch(() => {})
    this.#appending = this.#appendAll().finally(() => {
      this.#appending = null
    })
    await this.#appending
  }

  async #appendAll(): Promise<void> {
    const { timelineId, epoch, append } = this.#options
    while (this.#renditions.size > 0 || this.#segments.length > 0) {
      const described = [...this.#renditions].slice(0, MAX_BATCH_RENDITIONS)
      const renditions = described.map(([, info]) => info)
      // None before its header.
      const isDescribed = described.length === this.#renditions.size
      const segments = isDescribed ? this.#segments.slice(0, MAX_BATCH_SEGMENTS) : []
      try {
        await retry(() => append({ timelineId, epoch, renditions, segments }), {
          signal: this.#giveUp.signal,
          isFinal: isFinalFailure,
          onFailure: (error, attempt) => this.#complain(error, attempt, 'The api does not take index rows'),
        })
      } catch (error) {
        if (!isFinalFailure(error)) throw error
        this.#lost += segments.length
        this.#options.log.error({ err: error, segments: segments.length }, 'The api refused index rows')
      }
      for (const [key, info] of described) {
        if (this.#renditions.get(key) === info) this.#renditions.delete(key)
      }
      this.#segments.splice(0, segments.length)
    }
  }

  /** Gives the oldest waiting segment up, so that the stream never waits for the store. */
  #dropOldest(): boolean {
    const index = this.#queue.findIndex((event) => event.type === 'segment' && !event.entry.gap)
    const event = this.#queue[index]
    if (event?.type !== 'segment') return false
    this.#queue[index] = { ...event, entry: { ...event.entry, gap: true, sizeBytes: 0 }, chunks: [] }
    this.#count(-sizeOf(event))
    if (this.#lost++ === 0) {
      this.#options.log.error(
        {},
        'The store is too slow: segments are given up and will be missing in the video',
      )
    }
    return true
  }

  #complain(error: unknown, attempt: number, message: string): void {
    if (attempt === 1 || attempt % 10 === 0) this.#options.log.warn({ err: error, attempt }, message)
  }

  #count(sizeBytes: number): void {
    this.#queuedBytes += sizeBytes
    this.#options.metrics.queued(sizeBytes)
  }

  #folder(renditionId: string, epoch: number): string {
    return `timelines/${this.#options.timelineId}/${renditionId}/${epoch}`
  }
}

function sizeOf(event: RenditionEvent | SegmentEvent): number {
  return event.type === 'rendition' ? event.init.byteLength : event.entry.sizeBytes
}

/** The row of a segment that has no bytes: players skip it, and renditions stay aligned. */
function gapOf(renditionId: string, entry: SegmentEvent['entry']): SegmentRecord {
  const empty = { gap: true, sizeBytes: 0, independent: false }
  return create(SegmentRecordSchema, { ...entry, ...exact(entry), ...empty, renditionId })
}

/** The 64-bit fields as the wire wants them. */
function exact(entry: SegmentEvent['entry']) {
  return {
    sequence: BigInt(entry.sequence),
    dts: BigInt(Math.round(entry.dts)),
    duration: Math.round(entry.duration),
    programTimeMs: BigInt(Math.round(entry.programTimeMs)),
    header: BigInt(entry.header ?? 0),
  }
}
