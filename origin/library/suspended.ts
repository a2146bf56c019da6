import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, inArray, isNotNull } from 'drizzle-orm'
import { union } from 'drizzle-orm/pg-core'
import { LibraryError } from './errors.ts'

const { broadcasts, channels, clips, videos } = schema

/** Nothing of a banned channel plays, whatever view shows it. @throws LibraryError `not-playable` */
export async function refuseSuspended(db: Database, timelineId: string): Promise<void> {
  // What is left of a timeline names its channel: a broadcast that is yet to begin, or a clip of a video that is gone.
  const owners = union(
    db.select({ id: broadcasts.channelId }).from(broadcasts).where(eq(broadcasts.id, timelineId)),
    db.select({ id: videos.channelId }).from(videos).where(eq(videos.timelineId, timelineId)),
    db.select({ id: clips.channelId }).from(clips).where(eq(clips.timelineId, timelineId)),
  )
  const [banned] = await db
    .select({ id: channels.id })
    .from(channels)
    .where(and(isNotNull(channels.bannedAt), inArray(channels.id, owners)))
    .limit(1)
  if (banned)
    throw new LibraryError('not-playable', 'This channel was suspended by the operator of the site.')
}
