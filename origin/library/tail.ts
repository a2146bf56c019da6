import type { Database } from '@streamtube/db/index.ts'
import type { RenditionTimeline } from '../media/timeline.ts'
import type { SegmentEntry } from '../media/types.ts'
import { readTimeline } from './timeline.ts'

/** What live playlists list (MEDIA.md 12). */
const WINDOW_MS = 60_000

/** The newest segments of a timeline, which players may still have listed; none where all of them are old. */
export interface TimelineTail {
  renditions: RenditionTimeline[]
  /** Discontinuities before the first of them, or before what follows. */
  discontinuitySequence: number
}

/** What is left of a broadcast in the live window, for the session that goes on with it as a new epoch. */
export async function readTail(
  db: Database,
  about: { timelineId: string; epoch: number; nowMs: number },
): Promise<TimelineTail> {
  return tailOf(await readTimeline(db, about.timelineId), about.epoch, about.nowMs - WINDOW_MS)
}

/**
 * The end of a timeline: of all renditions the same numbers, from the first that isn't over by `sinceMs`.
 * @param epoch the one that goes on with it
 * @param sinceMs program time
 */
export function tailOf(
  renditions: readonly RenditionTimeline[],
  epoch: number,
  sinceMs: number,
): TimelineTail {
  const [lead] = renditions
  const entries = lead?.segments ?? []
  const start = entries.findIndex(
    ({ programTimeMs, duration }) =>
      programTimeMs + (duration * 1000) / (lead?.info.timescale ?? 1) > sinceMs,
  )
  const first = entries[start]
  if (!first) {
    return { renditions: [], discontinuitySequence: Math.max(discontinuitiesIn(entries), epoch - 2) }
  }
  const before = discontinuitiesIn(entries.slice(0, start + 1)) - (first.discontinuity ? 1 : 0)
  return {
    renditions: renditions
      .map(({ info, segments }) => ({
        info,
        segments: segments.filter(({ sequence }) => sequence >= first.sequence),
      }))
      .filter(({ segments }) => segments.length > 0),
    discontinuitySequence: before,
  }
}

/** Each epoch but the first began with a mark, also one of which nothing was kept: numbers never go back. */
function discontinuitiesIn(entries: readonly SegmentEntry[]): number {
  return entries.reduce(
    (count, { epoch, discontinuity }) => Math.max(count + (discontinuity ? 1 : 0), epoch - 1),
    0,
  )
}
