import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'

const { broadcasts, channels, videos } = schema

/** A broadcast's video and how far its viewers may go back. */
export interface Dvr {
  video: typeof videos.$inferSelect
  /** In milliseconds; 0: not at all. */
  windowMs: number
}

/** How far back a broadcast may be watched; null where there is no such broadcast. */
export async function findDvr(db: Database, videoId: string): Promise<Dvr | null> {
  const [row] = await db
    .select({ video: videos, archive: broadcasts.archive, dvrMinutes: channels.dvrMinutes })
    .from(videos)
    .innerJoin(broadcasts, eq(broadcasts.id, videos.id))
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .where(eq(videos.id, videoId))
  return row ? { video: row.video, windowMs: dvrWindowMs(row) } : null
}

/** In milliseconds. What is not kept can't be gone back to. */
export function dvrWindowMs({ archive, dvrMinutes }: { archive: boolean; dvrMinutes: number }): number {
  return archive ? dvrMinutes * 60_000 : 0
}
