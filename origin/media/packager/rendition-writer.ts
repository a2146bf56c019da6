import { initSegment } from '../fmp4/init.ts'
import type { PartTargetMs, RenditionInfo, Sample, Track, VideoTrack } from '../types.ts'
import type { EmitPackagerEvent } from './events.ts'
import { InBandParameterSets } from './parameter-sets.ts'
import { type AssembledPart, PartAssembler } from './part-assembler.ts'

export interface RenditionWriterOptions {
  id: string
  track: Track
  /** Of what is listed, where an earlier epoch began the rendition; null: the track's own. */
  timescale: number | null
  epoch: number
  firstSequence: number
  partTargetMs: PartTargetMs
  /** The first segment carries a discontinuity mark. */
  discontinuity: boolean
}

interface OpenSegment {
  /** Counted from the epoch's first segment. */
  index: number
  dts: number
  programTimeMs: number
  chunks: Uint8Array[]
  sizeBytes: number
  independent: boolean
  samples: number
}

const NO_BYTES = new Uint8Array()

/**
 * One rendition's parts and segments of an epoch. Where segments begin and end is said by its owner (the lead or a
 * follower); this writes them and tells of them.
 */
export class RenditionWriter {
  readonly id: string
  readonly #options: RenditionWriterOptions
  readonly #emit: EmitPackagerEvent
  #track: Track
  #parts: PartAssembler
  #init: Uint8Array
  /** As SegmentEntry.header. */
  #header: number | undefined
  #info: RenditionInfo
  #open: OpenSegment | null = null
  #partNumber = 0
  #discontinuity: boolean
  #parameterSets: InBandParameterSets | null = null
  #rateMeasured = false

  constructor(options: RenditionWriterOptions, emit: EmitPackagerEvent) {
    const { track } = options
    this.id = options.id
    this.#track = track
    this.#options = options
    this.#emit = emit
    this.#discontinuity = options.discontinuity
    this.#init = initSegment(track)
    this.#info = describe(options.id, track, options.timescale)
    this.#parts = this.#assembler(track)
    this.#tell()
  }

  get track(): Track {
    return this.#track
  }

  /** Index of the segment being written, or null before the first. */
  get index(): number | null {
    return this.#open?.index ?? null
  }

  /** See PartAssembler. */
  get expectedDuration(): number {
    return this.#parts.expectedDuration
  }

  /** Something became known about the rendition. */
  improve(info: Partial<RenditionInfo>): void {
    this.#info = { ...this.#info, ...info }
    this.#tell()
  }

  /**
   * Between two segments: what follows needs another header.
   * @param index of the segment that begins with it
   */
  turn(track: Track, index: number): void {
    const { captions, timescale } = this.#info
    this.#header = this.#options.firstSequence + index
    this.#discontinuity = true
    this.#retrack(track)
    // A rendition's entries keep their timescale, so that a playlist has only one.
    this.#info = { ...describe(this.id, track, timescale), ...(captions && { captions }) }
    this.#tell()
  }

  /** Before the first segment: the encoder has changed its mind. */
  replace(track: Track): void {
    this.#retrack(track)
    this.#info = describe(this.id, track, this.#options.timescale)
    this.#tell()
  }

  /** From here on key frames need these parameter sets. */
  useParameterSets(track: VideoTrack): void {
    this.#parameterSets = new InBandParameterSets(track)
  }

  begin(index: number, dts: number, programTimeMs: number): void {
    this.#parts.begin(dts)
    this.#open = { index, dts, programTimeMs, chunks: [], sizeBytes: 0, independent: false, samples: 0 }
  }

  push(sample: Sample): void {
    this.#parts.push(this.#parameterSets?.addTo(sample) ?? sample)
    if (this.#open) this.#open.samples++
    if (!this.#rateMeasured) this.#measureRate()
  }

  /** Ends the segment: `endDts` is where the next one begins, `nextSampleDts` where the track goes on, if that is known. */
  end(endDts: number, nextSampleDts: number | null): void {
    if (nextSampleDts !== null) this.#parts.settle(nextSampleDts)
    this.#parts.flush()
    const segment = this.#open
    this.#open = null
    if (segment) this.#tellSegment(segment, endDts)
  }

  /**
   * The rest of the open segment, of which parts are out, will never come: lists gaps in its place, so that its parts last
   * as long as it does.
   * @param endDts where the segment ends
   */
  giveUp(endDts: number): void {
    this.#parts.flush()
    const segment = this.#open
    if (!segment || segment.chunks.length === 0) return
    const { timescale } = this.#track
    const target = Math.floor((this.#options.partTargetMs * timescale) / 1000)
    let dts = this.#parts.end
    for (let index = segment.chunks.length; dts < endDts; index++) {
      const duration = Math.min(target, endDts - dts)
      this.#tellPart(segment, { dts, duration, independent: false, data: NO_BYTES }, index, { gap: true })
      dts += duration
    }
  }

  /** Ends the last segment, where its samples end; at `endDts` when it has none. */
  finish(endDts: number): void {
    this.#parts.flush()
    const segment = this.#open
    this.#open = null
    if (!segment) return
    const end = segment.chunks.length > 0 ? this.#parts.end : endDts
    if (end > segment.dts) this.#tellSegment(segment, end)
  }

  #tellSegment(segment: OpenSegment, endDts: number): void {
    const { epoch, firstSequence } = this.#options
    const start = this.#listed(segment.dts)
    this.#estimateRate(segment, endDts)
    this.#emit({
      type: 'segment',
      epoch,
      renditionId: this.id,
      entry: {
        epoch,
        sequence: firstSequence + segment.index,
        dts: start,
        duration: Math.max(this.#listed(endDts) - start, 1),
        programTimeMs: segment.programTimeMs,
        sizeBytes: segment.sizeBytes,
        independent: segment.independent,
        discontinuity: this.#discontinuity,
        gap: segment.chunks.length === 0,
        ...(this.#header !== undefined && { header: this.#header }),
      },
      chunks: segment.chunks,
    })
    this.#discontinuity = false
  }

  #takePart(part: AssembledPart): void {
    const segment = this.#open
    if (!segment) return
    const index = segment.chunks.length
    if (index === 0) segment.independent = part.independent
    segment.chunks.push(part.data)
    segment.sizeBytes += part.data.length
    this.#tellPart(segment, part, index)
  }

  #tellPart(segment: OpenSegment, part: AssembledPart, index: number, gap: { gap?: true } = {}): void {
    this.#emit({
      type: 'part',
      epoch: this.#options.epoch,
      renditionId: this.id,
      part: {
        number: this.#partNumber++,
        sequence: this.#options.firstSequence + segment.index,
        index,
        dts: this.#listed(part.dts),
        duration: this.#listed(part.duration),
        independent: part.independent,
        data: part.data,
        ...gap,
      },
      segment: {
        programTimeMs: segment.programTimeMs,
        discontinuity: this.#discontinuity,
        ...(this.#header !== undefined && { header: this.#header }),
      },
    })
  }

  /** What the VUI says is a ceiling in some encoders: the measured rate is the truth. */
  #measureRate(): void {
    if (this.#track.kind !== 'video' || this.#parts.expectedDuration === 0) return
    this.#rateMeasured = true
    const measured = this.#track.timescale / this.#parts.expectedDuration
    const said = this.#info.frameRate ?? 0
    if (Math.abs(measured - said) > measured / 100)
      this.improve({ frameRate: Math.round(measured * 1000) / 1000 })
  }

  /** A rate that varies, and that the encoder doesn't tell: a master names what the first segment has on average. */
  #estimateRate({ samples, dts }: OpenSegment, endDts: number): void {
    if (this.#track.kind !== 'video' || this.#info.frameRate !== undefined || samples === 0) return
    const seconds = Math.max(endDts - dts, 1) / this.#track.timescale
    this.improve({ frameRate: Math.round((samples / seconds) * 1000) / 1000 })
  }

  /** A time of the track as playlists have it: in the timescale that the rendition began with. */
  #listed(ticks: number): number {
    const { timescale } = this.#info
    return timescale === this.#track.timescale
      ? ticks
      : Math.round((ticks * timescale) / this.#track.timescale)
  }

  #retrack(track: Track): void {
    this.#track = track
    this.#init = initSegment(track)
    this.#parts = this.#assembler(track)
    this.#parameterSets = null
    this.#rateMeasured = false
  }

  #assembler(track: Track): PartAssembler {
    return new PartAssembler(
      {
        kind: track.kind,
        timescale: track.timescale,
        partTargetMs: this.#options.partTargetMs,
        sampleDuration: track.kind === 'audio' ? track.samplesPerFrame : null,
      },
      (part) => this.#takePart(part),
    )
  }

  #tell(): void {
    const header = this.#header === undefined ? {} : { header: this.#header }
    const { epoch } = this.#options
    this.#emit({ type: 'rendition', epoch, ...header, rendition: this.#info, init: this.#init })
  }
}

function describe(id: string, track: Track, timescale: number | null): RenditionInfo {
  const common = { id, kind: track.kind, codecs: track.codecs, timescale: timescale ?? track.timescale }
  if (track.kind === 'audio') return { ...common, channels: track.channels }
  const rate = track.frameRate === null ? {} : { frameRate: Math.round(track.frameRate * 1000) / 1000 }
  return { ...common, width: track.width, height: track.height, ...rate }
}
