import type { Bandwidth, RenditionTimeline } from './timeline.ts'
import type { Part, PartTargetMs, RenditionInfo, SegmentEntry } from './types.ts'

/** EXT-X-TARGETDURATION, for all playlists, for ever (MEDIA.md 5). */
export const TARGET_DURATION_SECONDS = 4

/** A rendition as a master lists it. */
export interface MasterRendition extends Bandwidth {
  info: RenditionInfo
}

/** Multivariant playlist. One variant per video rendition (the first listed first), audio as one group; audio alone is a variant. */
export function masterPlaylist(renditions: readonly MasterRendition[]): string {
  throw new Error(`not yet ${renditions}`)
}

/** VOD media playlist of a finished timeline: complete, gaps left out, a map per epoch. Media addresses are `../../m/...`. */
export function vodPlaylist(timelineId: string, timeline: RenditionTimeline): string {
  throw new Error(`not yet ${timelineId} ${timeline}`)
}

/** What a part is to a playlist. */
export type ListedPart = Pick<Part, 'number' | 'duration' | 'independent'>

/** A segment of a live window: `parts` where they are still listed. */
export interface LiveSegment {
  entry: SegmentEntry
  parts: readonly ListedPart[]
}

/** All that a live media playlist says, at one moment. */
export interface LiveView {
  timelineId: string
  rendition: RenditionInfo
  partTargetMs: PartTargetMs
  discontinuitySequence: number
  segments: readonly LiveSegment[]
  /** The segment being written: null when none has begun. */
  open: {
    epoch: number
    sequence: number
    programTimeMs: number
    discontinuity: boolean
    parts: readonly ListedPart[]
  } | null
  /** The part that will come next: null when the stream has ended. */
  next: { epoch: number; part: number } | null
  /** The other renditions' last part. */
  reports: readonly { renditionId: string; sequence: number; part: number }[]
  ended: boolean
}

/** Low-latency media playlist (RFC 8216bis). `skip`: a delta update was asked for. */
export function livePlaylist(view: LiveView, options: { skip: boolean }): string {
  throw new Error(`not yet ${view} ${options}`)
}
