import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, gte, or, sql } from 'drizzle-orm'
import type { RenditionTimeline } from '../media/timeline.ts'
import type { SegmentEntry } from '../media/types.ts'
import { DISCONTINUITY, HEADER, minuteOf } from './minute.ts'
import { assemble, readRenditions } from './timeline.ts'

const { timelineIndex } = schema

/** What live playlists list (MEDIA.md 12). */
const WINDOW_MS = 60_000

/** The newest segments of a timeline, which players may still have listed; none where all of them are old. */
export interface TimelineTail {
  renditions: RenditionTimeline[]
  /** Discontinuities before the first of them, or before what follows. */
  discontinuitySequence: number
}

/**
 * What is left of a broadcast in the live window, for the session that goes on with it as a new epoch. A publisher waits
 * for it: of what is older it reads only what discontinuities and headers are in.
 */
export async function readTail(
  db: Database,
  about: { timelineId: string; epoch: number; nowMs: number },
): Promise<TimelineTail> {
  const sinceMs = about.nowMs - WINDOW_MS
  const marks = HEADER | DISCONTINUITY
  const bearsMark = sql`exists (select from unnest(${timelineIndex.flags}) flag where flag & ${marks} <> 0)`
  // A segment belongs to the minute in which it begins.
  const isNew = gte(timelineIndex.minute, minuteOf(sinceMs) - 1)
  const rows = await db
    .select()
    .from(timelineIndex)
    .where(and(eq(timelineIndex.timelineId, about.timelineId), or(isNew, bearsMark)))
  return tailOf(assemble(await readRenditions(db, about.timelineId), rows), about.epoch, sinceMs)
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
