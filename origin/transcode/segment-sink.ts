import { create } from '@bufbuild/protobuf'
import {
  type RenditionInfo,
  RenditionInfoSchema,
  type SegmentRecord,
  SegmentRecordSchema,
} from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { segmentPath } from '@streamtube/contracts/media-paths.ts'
import type { PackagerEvent } from '../media/packager.ts'
import type { TaskDeps } from './deps.ts'

export interface SegmentSinkOptions extends Pick<TaskDeps, 'api' | 'blobs'> {
  timelineId: string
  epoch: number
  signal: AbortSignal
}

/** What may wait for the store before the reader of the file is held up. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024
const BATCH_SEGMENTS = 500
const PUTS_AT_ONCE = 4

type SegmentEvent = Extract<PackagerEvent, { type: 'segment' }>
type RenditionEvent = Extract<PackagerEvent, { type: 'rendition' }>

/**
 * Takes what the packager makes of a file: segments go to blobs, a few at once, and their records to the api in batches.
 * Everything has its name from its place in the file, so that a second attempt writes the same again.
 */
export class SegmentSink {
  readonly #options: SegmentSinkOptions
  readonly #queue: SegmentEvent[] = []
  /** By id and header. */
  readonly #renditions = new Map<string, RenditionInfo>()
  #records: SegmentRecord[] = []
  #queuedBytes = 0
  #flushing: Promise<void> | null = null

  constructor(options: SegmentSinkOptions) {
    this.#options = options
  }

  take(event: PackagerEvent): void {
    if (event.type === 'rendition') this.#takeRendition(event)
    if (event.type !== 'segment') return
    this.#queue.push(event)
    this.#queuedBytes += event.entry.sizeBytes
  }

  /** Resolves when there is room for more. @throws what the store or the api answered */
  async room(): Promise<void> {
    if (this.#queuedBytes >= MAX_QUEUED_BYTES) await this.#flush()
  }

  /** Stores and lists what is left; the timeline is complete then. @returns how many segments it has */
  async finish(): Promise<void> {
    await this.#flush()
    await this.#append(true)
  }

  get isEmpty(): boolean {
    return this.#renditions.size === 0 && this.#records.length === 0 && this.#queue.length === 0
  }

  #takeRendition({ rendition, init, header }: RenditionEvent): void {
    const row = { ...rendition, initSegment: init, header: BigInt(header ?? 0) }
    this.#renditions.set(`${rendition.id} ${header ?? 0}`, create(RenditionInfoSchema, row))
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = null
    })
    return this.#flushing
  }

  async #flushAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, PUTS_AT_ONCE)
      await Promise.all(batch.map((event) => this.#store(event)))
      for (const event of batch) {
        this.#queuedBytes -= event.entry.sizeBytes
        this.#records.push(this.#record(event))
      }
      if (this.#records.length >= BATCH_SEGMENTS) await this.#append(false)
    }
  }

  async #store({ entry, chunks, renditionId, epoch }: SegmentEvent): Promise<void> {
    if (entry.gap) return
    const { blobs, signal } = this.#options
    await blobs.put(this.#key(renditionId, epoch, entry.sequence), chunks, {
      contentType: 'video/mp4',
      signal,
    })
  }

  #record({ entry, renditionId, epoch }: SegmentEvent): SegmentRecord {
    return create(SegmentRecordSchema, {
      ...entry,
      renditionId,
      sequence: BigInt(entry.sequence),
      dts: BigInt(entry.dts),
      programTimeMs: BigInt(Math.round(entry.programTimeMs)),
      header: BigInt(entry.header ?? 0),
      locator: entry.gap ? '' : this.#key(renditionId, epoch, entry.sequence),
    })
  }

  async #append(complete: boolean): Promise<void> {
    const { api, timelineId, epoch, signal } = this.#options
    const described = [...this.#renditions]
    const renditions = described.map(([, info]) => info)
    const segments = this.#records
    await api.appendTimeline({ timelineId, epoch, renditions, segments, complete }, { signal })
    // Kept until they were taken: headers may be improved while this was under way.
    for (const [key, info] of described) if (this.#renditions.get(key) === info) this.#renditions.delete(key)
    this.#records = this.#records.slice(segments.length)
  }

  /** Blob keys are media paths under another name. */
  #key(renditionId: string, epoch: number, sequence: number): string {
    return segmentPath(this.#options.timelineId, renditionId, epoch, sequence).replace(/^m\//, 'timelines/')
  }
}
