import type { RenditionInfo, SegmentEntry } from './types.ts'

/** A rendition with its finished segments in order. */
export interface RenditionTimeline {
  info: RenditionInfo
  segments: readonly SegmentEntry[]
}

/** Measured from segments' sizes and durations. */
export interface Bandwidth {
  peakBps: number
  averageBps: number
}

/** Peak and average bit rate of a list of segments; zeros for an empty one. Gaps don't count. */
export function measureBandwidth(timescale: number, segments: readonly SegmentEntry[]): Bandwidth {
  throw new Error(`not yet ${timescale} ${segments}`)
}

/** Duration in milliseconds of what plays: gaps left out. */
export function playableDurationMs(timeline: RenditionTimeline): number {
  throw new Error(`not yet ${timeline}`)
}
