import { schema } from '@streamtube/db/index.ts'
import { and, asc, eq, isNull } from 'drizzle-orm'
import type { RetentionDeps } from './deps.ts'
import { removeVideo } from './remove.ts'

const { removals, videos } = schema

/**
 * Deletes the oldest replay when the store takes less than `minFreeBytes` more. One at a time: the next one goes only
 * when the bytes of those before are freed and were not enough: a store that deletes nothing loses no more. What is live stays, and so do files that were uploaded.
 */
export async function keepFree(deps: RetentionDeps, minFreeBytes: number): Promise<void> {
  const { db, blobs, log } = deps
  const freeBytes = await blobs.freeBytes()
  if (freeBytes === null || freeBytes >= minFreeBytes) return
  const [underWay] = await db
    .select({ id: removals.id })
    .from(removals)
    .where(isNull(removals.sweptAt))
    .limit(1)
  if (underWay) return
  const [oldest] = await db
    .select({ id: videos.id, channelId: videos.channelId })
    .from(videos)
    .where(and(eq(videos.origin, 'broadcast'), eq(videos.state, 'ready')))
    .orderBy(asc(videos.publishedAt), asc(videos.id))
    .limit(1)
  if (!oldest) return
  await removeVideo(deps, { videoId: oldest.id, reason: 'disk' })
  log.warn(
    { videoId: oldest.id, channelId: oldest.channelId, freeBytes, minFreeBytes },
    'the disk is nearly full: the oldest replay was deleted',
  )
}
