import type { SanitisedEvent } from './sanitiser.ts'
import type { Part, PartTargetMs, RenditionInfo, SegmentEntry, SourceEvent } from './types.ts'

export interface PackagerOptions {
  epoch: number
  /** Media sequence number of the first segment; the following ones count up from it. */
  firstSequence: number
  partTargetMs: PartTargetMs
  /** Ids of the ladder's rungs that will come ("720p30", ...): each gets every segment, as GAP where it has none. */
  rungs?: readonly string[]
  /** Program time before which this epoch must not begin: the end of the previous one (MEDIA.md 4). */
  notBeforeMs?: number
  /** True for every epoch but a broadcast's first: the first segments carry a discontinuity mark. */
  discontinuity?: boolean
}

export type PackagerEvent =
  /** A rendition's description and CMAF header; again when the description got better (captions seen). */
  | { type: 'rendition'; epoch: number; rendition: RenditionInfo; init: Uint8Array }
  | { type: 'part'; epoch: number; renditionId: string; part: Part }
  /** A finished segment, after its last part. `chunks` are its parts' bytes, in order; empty for a gap. */
  | {
      type: 'segment'
      epoch: number
      renditionId: string
      entry: SegmentEntry
      chunks: readonly Uint8Array[]
    }

/** One publisher session's packager: samples in, parts and segments out (MEDIA.md 3-8). */
export class Packager {
  constructor(options: PackagerOptions, emit: (event: PackagerEvent) => void) {
    throw new Error(`not yet ${options} ${emit}`)
  }

  /** The source's samples, straight from the sanitiser. */
  push(event: SanitisedEvent): void {
    throw new Error(`not yet ${event}`)
  }

  /** A rung's encoder output, straight from `sourceEventOf`: times in ms as `flvSampleTag` wrote them to the encoder. */
  pushRung(rungId: string, event: SourceEvent): void {
    throw new Error(`not yet ${rungId} ${event}`)
  }

  /** The rung's encoder is gone: GAP from here on, until `pushRung` brings a key frame again. */
  dropRung(rungId: string): void {
    throw new Error(`not yet ${rungId}`)
  }

  /** End of the session: closes the last part and segment of every rendition. */
  finish(): void {
    throw new Error('not yet')
  }

  /** First media sequence number that no segment has begun to use: compare with the reserved block. */
  get nextSequence(): number {
    throw new Error('not yet')
  }
}
