import { type Database, schema } from '@streamtube/db/index.ts'
import { inArray } from 'drizzle-orm'
import { KEY_FRAME_REACH_MS } from '../library/index.ts'
import type { TimeRange } from '../media/timeline.ts'

const { clips } = schema

/**
 * What clips hold of timelines, in program time: segments that lie in one of these ranges, wholly or in part, must stay,
 * with their headers and index rows, also when the video is deleted. A draft holds all of its take; what decoding
 * begins with is counted in.
 * @returns ranges by timeline, in no order, which may overlap; timelines without clips are not in it
 */
export async function rangesHeldByClips(
  db: Database,
  timelineIds: readonly string[],
): Promise<Map<string, TimeRange[]>> {
  const rows = await db
    .select()
    .from(clips)
    .where(inArray(clips.timelineId, [...timelineIds]))
  const held = Map.groupBy(rows, ({ timelineId }) => timelineId)
  return new Map([...held].map(([timelineId, of]) => [timelineId, of.map(heldBy)]))
}

function heldBy(clip: typeof clips.$inferSelect): TimeRange {
  const [startMs, endMs] =
    clip.publishedAt === null ? [clip.takeStartMs, clip.takeEndMs] : [clip.startMs, clip.endMs]
  return { fromMs: startMs - KEY_FRAME_REACH_MS, toMs: endMs }
}
