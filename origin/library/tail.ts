import type { Database } from '@streamtube/db/index.ts'
import type { RenditionTimeline } from '../media/timeline.ts'
import type { SegmentEntry } from '../media/types.ts'
import { readTimeline } from './timeline.ts'

/** What live playlists list (MEDIA.md 12). */
const WINDOW_MS = 60_000

/** The newest segments of a timeline, which players may still have listed. */
export interface TimelineTail {
  renditions: RenditionTimeline[]
  /** Discontinuities before the first of them. */
  discontinuitySequence: number
}

/** What is left of a broadcast in the live window, for the node that goes on with it; null when nothing is. */
export async function readTail(
  db: Database,
  timelineId: string,
  nowMs: number,
): Promise<TimelineTail | null> {
  return tailOf(await readTimeline(db, timelineId), nowMs - WINDOW_MS)
}

/**
 * The end of a timeline: of all renditions the same numbers, from the first that isn't over by `sinceMs`.
 * @param sinceMs program time
 */
export function tailOf(renditions: readonly RenditionTimeline[], sinceMs: number): TimelineTail | null {
  const [lead] = renditions
  const first = lead?.segments.find(
    ({ programTimeMs, duration }) => programTimeMs + (duration * 1000) / lead.info.timescale > sinceMs,
  )
  if (!lead || !first) return null
  return {
    renditions: renditions
      .map(({ info, segments }) => ({
        info,
        segments: segments.filter(({ sequence }) => sequence >= first.sequence),
      }))
      .filter(({ segments }) => segments.length > 0),
    discontinuitySequence: discontinuitiesUpTo(lead.segments, first) - (first.discontinuity ? 1 : 0),
  }
}

/** Each epoch but the first began with a mark, also one of which nothing was kept: numbers never go back. */
function discontinuitiesUpTo(entries: readonly SegmentEntry[], last: SegmentEntry): number {
  let count = 0
  for (const { sequence, epoch, discontinuity } of entries) {
    if (sequence > last.sequence) break
    count = Math.max(count + (discontinuity ? 1 : 0), epoch - 1)
  }
  return count
}
