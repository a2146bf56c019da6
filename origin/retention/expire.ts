import { schema } from '@streamtube/db/index.ts'
import { and, asc, eq, sql } from 'drizzle-orm'
import type { RetentionDeps } from './deps.ts'
import { removeVideo } from './remove.ts'

const { channels, videos } = schema

/** Replays that one run deletes. */
const BATCH_VIDEOS = 50

/** Deletes replays that are older than their channels keep them, oldest first. */
export async function expireReplays(deps: RetentionDeps): Promise<void> {
  const { db, log, now } = deps
  const at = new Date(now()).toISOString()
  const due = await db
    .select({ id: videos.id, channelId: videos.channelId, days: channels.retentionDays })
    .from(videos)
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .where(
      and(
        eq(videos.origin, 'broadcast'),
        eq(videos.state, 'ready'),
        // Null where replays are kept for ever: then nothing is due.
        sql`${videos.publishedAt} < ${at}::timestamptz - make_interval(days => ${channels.retentionDays})`,
      ),
    )
    .orderBy(asc(videos.publishedAt))
    .limit(BATCH_VIDEOS)
  for (const { id, channelId, days } of due) {
    if (deps.closing.aborted) return
    await removeVideo(deps, { videoId: id, reason: 'retention' })
    log.info(
      { videoId: id, channelId, days },
      'a replay was deleted: it is older than its channel keeps them',
    )
  }
}
