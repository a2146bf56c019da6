import { type Removal, removalReasons } from '@streamtube/contracts/api/resources.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, desc, eq, inArray, isNull, lte } from 'drizzle-orm'

const { removals } = schema

const MAX_NOTICES = 50

/** What the site deleted of a channel and its creator hasn't put away yet, newest first. */
export async function listRemovals(db: Database, channelId: string): Promise<Removal[]> {
  const rows = await db
    .select()
    .from(removals)
    .where(unseenOf(channelId))
    .orderBy(desc(removals.removedAt), desc(removals.id))
    .limit(MAX_NOTICES)
  return rows.flatMap((row) => {
    const { videoId, title, durationMs } = row
    const reason = removalReasons.find((each) => each === row.reason)
    const [removedAt, startedAt] = [row.removedAt.toISOString(), row.startedAt.toISOString()]
    return reason ? [{ videoId, title, reason, removedAt, startedAt, durationMs }] : []
  })
}

/** Puts away what was deleted by then: the creator has seen no later ones. */
export async function markRemovalsSeen(
  db: Database,
  channelId: string,
  about: { until: Date; nowMs: number },
): Promise<void> {
  await db
    .update(removals)
    .set({ seenAt: new Date(about.nowMs) })
    .where(and(unseenOf(channelId), lte(removals.removedAt, about.until)))
}

function unseenOf(channelId: string) {
  return and(
    eq(removals.channelId, channelId),
    isNull(removals.seenAt),
    inArray(removals.reason, [...removalReasons]),
  )
}
