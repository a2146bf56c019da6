import { toBinary } from '@bufbuild/protobuf'
import {
  type RenditionInfo,
  RenditionInfoSchema,
  SegmentRecordSchema,
} from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { type SpoolDisk, SpoolError } from './disk.ts'
import type { Place, SpoolFile } from './file.ts'
import { frame } from './frame.ts'
import type { SpoolAddress } from './names.ts'
import type { SpooledSegment } from './segment.ts'

/** A file that is as large is followed by the next: what was acknowledged goes by whole files. */
const ROTATE_BYTES = 4 * 1024 * 1024

/** What a segment's description and header take, and some. */
const DESCRIBED_BYTES = 16 * 1024

interface Job {
  segment: SpooledSegment
  chunks: readonly Uint8Array[]
}

/**
 * Writes one rendition of an epoch, off the event loop and one record after the other. Each file begins with the header
 * that its segments need, so that it can be replayed without those before it.
 */
export class RenditionSpool {
  readonly #disk: SpoolDisk
  readonly #address: SpoolAddress
  readonly #headers = new Map<bigint, RenditionInfo>()
  readonly #jobs: Job[] = []
  #file: SpoolFile | null = null
  /** The descriptions that the file has. */
  #inFile = new Set<RenditionInfo>()
  #writing: Promise<void> | null = null

  constructor(disk: SpoolDisk, address: SpoolAddress) {
    this.#disk = disk
    this.#address = address
  }

  /** What the next segments need; again when it got better. */
  describe(info: RenditionInfo): void {
    this.#headers.set(info.header, info)
  }

  append(segment: SpooledSegment, chunks: readonly Uint8Array[]): void {
    this.#jobs.push({ segment, chunks })
    this.#writing ??= this.#writeAll()
  }

  /** Seals what was written. */
  async close(): Promise<void> {
    await this.#writing
    await this.#seal()
  }

  async #writeAll(): Promise<void> {
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      let place: Place | null = null
      try {
        place = await this.#disk.write(() => this.#write(job))
      } catch (error) {
        // The disk has learned of it, and says so. A file that failed once is not trusted with more.
        if (!(error instanceof SpoolError)) await this.#seal()
      }
      job.segment.settle(place)
    }
    // In the turn that found no more: what is appended after it begins anew.
    this.#writing = null
  }

  async #write({ segment: { record }, chunks }: Job): Promise<Place> {
    this.#disk.makeRoom(record.sizeBytes + DESCRIBED_BYTES)
    if (this.#file && (this.#file.isGone || this.#file.sizeBytes >= ROTATE_BYTES)) await this.#seal()
    this.#file ??= this.#disk.newFile(this.#address)
    const file = this.#file
    const info = this.#headers.get(record.header)
    const isNew = info !== undefined && !this.#inFile.has(info)
    const described = isNew ? frame('header', toBinary(RenditionInfoSchema, info), []).buffers : []
    const own = frame('segment', toBinary(SegmentRecordSchema, record), chunks)
    const at = await file.append([...described, ...own.buffers])
    if (isNew) this.#inFile.add(info)
    this.#forgetBefore(record.header)
    const bodyAt = at + described.reduce((sum, { byteLength }) => sum + byteLength, 0) + own.bodyAt
    return { file, at: bodyAt, sizeBytes: record.sizeBytes, crc: own.bodyCrc }
  }

  #forgetBefore(header: bigint): void {
    for (const known of this.#headers.keys()) if (known < header) this.#headers.delete(known)
  }

  async #seal(): Promise<void> {
    const file = this.#file
    this.#file = null
    this.#inFile = new Set()
    try {
      await file?.seal()
    } catch (error) {
      this.#disk.log.warn({ err: error, file: file?.path }, 'A spool file could not be closed')
    }
  }
}
