import type { RenditionInfo, SegmentEntry } from './types.ts'

/** A rendition with its finished segments in order. A timeline is a list of these, aligned: equal numbers, equal times. */
export interface RenditionTimeline {
  info: RenditionInfo
  segments: readonly SegmentEntry[]
}

/** Measured from segments' sizes and durations, bits per second. */
export interface Bandwidth {
  peakBps: number
  averageBps: number
}

/**
 * Peak and average bit rate as RFC 8216 4.4.6.2 means them; zeros for an empty list. Gaps don't count, and segments of
 * less than half a target duration (the last one) count for the average only.
 */
export function measureBandwidth(
  timescale: number,
  segments: readonly Pick<SegmentEntry, 'duration' | 'sizeBytes' | 'gap'>[],
): Bandwidth {
  let bytes = 0
  let ticks = 0
  let peakBps = 0
  for (const segment of segments) {
    if (segment.gap) continue
    bytes += segment.sizeBytes
    ticks += segment.duration
    if (segment.duration >= timescale) {
      peakBps = Math.max(peakBps, (segment.sizeBytes * 8 * timescale) / segment.duration)
    }
  }
  const averageBps = ticks > 0 ? (bytes * 8 * timescale) / ticks : 0
  return { peakBps: Math.ceil(Math.max(peakBps, averageBps)), averageBps: Math.ceil(averageBps) }
}

/** Duration in milliseconds of what plays: gaps left out. */
export function playableDurationMs(timeline: RenditionTimeline): number {
  const ticks = timeline.segments.reduce((sum, segment) => sum + (segment.gap ? 0 : segment.duration), 0)
  return (ticks * 1000) / timeline.info.timescale
}

/** Numbers of the segments that no rendition has: an interruption, which a recording leaves out. */
export function commonGaps(renditions: readonly RenditionTimeline[]): Set<number> {
  const gaps = new Set<number>()
  for (const { segments } of renditions) for (const s of segments) if (s.gap) gaps.add(s.sequence)
  for (const { segments } of renditions) for (const s of segments) if (!s.gap) gaps.delete(s.sequence)
  return gaps
}

/** A stretch of program time: from `fromMs` on, up to and without `toMs`, in milliseconds since the Unix epoch. */
export interface TimeRange {
  fromMs: number
  toMs: number
}

/**
 * The part of a timeline that shows a stretch of program time: of all renditions the same numbers, those of the segments
 * of the first rendition that lie in it wholly or in part. Empty renditions where nothing does.
 */
export function timelineWithin(
  renditions: readonly RenditionTimeline[],
  { fromMs, toMs }: TimeRange,
): RenditionTimeline[] {
  const [lead] = renditions
  if (!lead) return []
  const timescale = lead.info.timescale
  const shown = lead.segments.filter(
    ({ programTimeMs, duration }) =>
      programTimeMs < toMs && programTimeMs + (duration * 1000) / timescale > fromMs,
  )
  const first = shown[0]?.sequence ?? Number.POSITIVE_INFINITY
  const last = shown.at(-1)?.sequence ?? Number.NEGATIVE_INFINITY
  return renditions.map(({ info, segments }) => ({
    info,
    segments: segments.filter(({ sequence }) => sequence >= first && sequence <= last),
  }))
}

/**
 * The tail of a list of segments that lasts at least `windowMs`, or all of it.
 * @returns how many segments lie before the tail
 */
export function windowStart(
  timescale: number,
  segments: readonly Pick<SegmentEntry, 'duration'>[],
  windowMs: number,
): number {
  let left = (windowMs * timescale) / 1000
  let start = segments.length
  while (start > 0 && left > 0) {
    start--
    left -= segments[start]?.duration ?? 0
  }
  return start
}
