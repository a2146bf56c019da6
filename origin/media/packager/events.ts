import type { Part, RenditionInfo, SegmentEntry } from '../types.ts'

export type PackagerEvent =
  /**
   * A rendition's description and CMAF header; again when the description got better (captions seen, rate measured), and
   * with a `header` when the encoder's parameters changed: see SegmentEntry.
   */
  | { type: 'rendition'; epoch: number; header?: number; rendition: RenditionInfo; init: Uint8Array }
  | {
      type: 'part'
      epoch: number
      renditionId: string
      part: Part
      /** Of the segment it belongs to. */
      segment: { programTimeMs: number; discontinuity: boolean; header?: number }
    }
  /** A finished segment, after its last part. `chunks` are its parts' bytes, in order; empty for a gap. */
  | {
      type: 'segment'
      epoch: number
      renditionId: string
      entry: SegmentEntry
      chunks: readonly Uint8Array[]
    }

export type EmitPackagerEvent = (event: PackagerEvent) => void
