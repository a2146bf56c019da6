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
    .select({ video: videos, dvrMinutes: channels.dvrMinutes })
    .from(videos)
    .innerJoin(broadcasts, eq(broadcasts.id, videos.id))
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .where(eq(videos.id, videoId))
  return row ? { video: row.video, windowMs: dvrWindowMs(row.dvrMinutes) } : null
}

/** How far back the viewers of a channel may go, in milliseconds. */
export function dvrWindowMs(dvrMinutes: number): number {
  return dvrMinutes * 60_000
}
