import type { RenditionInfo, SegmentRecord } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { initName } from '@streamtube/contracts/media-paths.ts'
import type { SpoolDisk } from './disk.ts'
import type { SpoolProblem } from './disk-state.ts'
import type { SpoolFile } from './file.ts'
import { RenditionSpool } from './rendition-spool.ts'
import { scanSpoolFile } from './scan.ts'
import { SpooledSegment } from './segment.ts'

/** What of a broadcast's epoch is in the spool: that of a publisher's session, or what an earlier run left. */
export class SpoolEpoch {
  readonly timelineId: string
  readonly epoch: number
  readonly #disk: SpoolDisk
  readonly #onDone: () => void
  readonly #writers = new Map<string, RenditionSpool>()
  /** Newest description by the name of the object that it describes. */
  readonly #headers = new Map<string, RenditionInfo>()
  /** Not acknowledged yet, by rendition and sequence. */
  readonly #segments = new Map<string, SpooledSegment>()
  #closed = false

  /** @param onDone it is closed, and everything in it acknowledged */
  constructor(id: { timelineId: string; epoch: number }, disk: SpoolDisk, onDone: () => void) {
    this.timelineId = id.timelineId
    this.epoch = id.epoch
    this.#disk = disk
    this.#onDone = onDone
  }

  /** Why segments are not in the spool when they are listed; null as a rule. */
  get problem(): SpoolProblem | null {
    return this.#disk.problem
  }

  get headers(): Iterable<RenditionInfo> {
    return this.#headers.values()
  }

  /** In the order in which they are to be appended: aligned renditions side by side. */
  get segments(): SpooledSegment[] {
    return [...this.#segments.values()].sort(
      ({ record: a }, { record: b }) =>
        Number(a.sequence - b.sequence) || (a.renditionId < b.renditionId ? -1 : 1),
    )
  }

  /** A rendition's description, before the segments that need it; again when it got better. */
  describe(info: RenditionInfo): void {
    this.#headers.set(`${info.id}/${initName(Number(info.header))}`, info)
    this.#writerOf(info.id).describe(info)
  }

  /** @returns null when the disk is in trouble and isn't to be tried now */
  append(record: SegmentRecord, chunks: readonly Uint8Array[]): SpooledSegment | null {
    if (this.#closed || !this.#disk.admits) return null
    const segment = this.#track(record)
    this.#writerOf(record.renditionId).append(segment, chunks)
    return segment
  }

  /** Lists what files of an earlier run hold. Bad records are reported and left out. @throws the system's error */
  async load(files: readonly SpoolFile[]): Promise<void> {
    for (const file of files) {
      const handle = await this.#disk.fs.open(file.path, 'r')
      // Not before all of it is listed may it be done: its first record may be one that came twice.
      file.retain()
      try {
        const { records, damage } = await scanSpoolFile(handle, file.sizeBytes, file.name)
        for (const found of records) {
          if (found.type === 'header') this.describe(found.info)
          else this.#track(found.record).settle({ file, ...found })
        }
        if (damage.length > 0) {
          this.#disk.log.warn({ file: file.path, damage }, 'A spool file does not end with a whole record')
        }
      } finally {
        await handle.close()
      }
      file.acknowledge()
      await file.seal()
    }
  }

  /** An object's bytes, by what an address says behind the epoch's folder; null for what isn't here. */
  async read(
    renditionId: string,
    object: { sequence: number } | { header: number },
  ): Promise<Uint8Array | null> {
    if ('header' in object) {
      return this.#headers.get(`${renditionId}/${initName(object.header)}`)?.initSegment ?? null
    }
    return (await this.#segments.get(`${renditionId}/${object.sequence}`)?.read()) ?? null
  }

  /** Nothing more comes. Resolves when all that was appended is written. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#writers.values()].map((writer) => writer.close()))
    this.#endIfDone()
  }

  /** Deletes all that isn't acknowledged. */
  discard(): void {
    for (const segment of this.#segments.values()) segment.acknowledge()
  }

  #track(record: SegmentRecord): SpooledSegment {
    const key = `${record.renditionId}/${record.sequence}`
    // Where a number came twice, the later one counts.
    this.#segments.get(key)?.acknowledge()
    const segment = new SpooledSegment(record, () => {
      this.#segments.delete(key)
      this.#endIfDone()
    })
    this.#segments.set(key, segment)
    return segment
  }

  #endIfDone(): void {
    if (this.#closed && this.#segments.size === 0) this.#onDone()
  }

  #writerOf(renditionId: string): RenditionSpool {
    const known = this.#writers.get(renditionId)
    if (known) return known
    const { timelineId, epoch } = this
    const writer = new RenditionSpool(this.#disk, { timelineId, epoch, renditionId })
    this.#writers.set(renditionId, writer)
    return writer
  }
}
