import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, inArray } from 'drizzle-orm'
import { ApiError, forbidden, notFound } from '../http/errors.ts'
import { revoke } from '../revocations/index.ts'

const { broadcasts, channels, jobs, removals, videos } = schema

type RemovalRow = typeof removals.$inferSelect
type Reason = RemovalRow['reason']

/**
 * Deletes a video: nobody finds or plays it any more, whoever watches it is refused within 2 s, and sweeps free its
 * bytes but for what clips hold.
 * @returns what was removed; null where there is no such video
 * @throws ApiError 409 `still-live`
 */
export async function removeVideo(
  { db, now }: { db: Database; now: () => number },
  about: { videoId: string; reason: Reason },
): Promise<RemovalRow | null> {
  return await db.transaction(async (tx) => {
    const [found] = await tx
      .select({ timelineId: videos.timelineId })
      .from(videos)
      .where(eq(videos.id, about.videoId))
    if (!found) return null
    // The broadcast first, as appends do: what they bring later finds the removal.
    const [broadcast] = await tx
      .select()
      .from(broadcasts)
      .where(eq(broadcasts.id, found.timelineId))
      .for('update')
    const [video] = await tx.select().from(videos).where(eq(videos.id, about.videoId)).for('update')
    if (!video) return null
    if (video.state === 'live' || (broadcast && broadcast.state !== 'ended')) {
      throw new ApiError('still-live', 409, 'The stream is still on', {
        detail: 'End the stream, then delete it.',
      })
    }
    const at = new Date(now())
    await tx
      .update(jobs)
      .set({ state: 'failed', error: 'its video was deleted', finishedAt: at })
      .where(and(eq(jobs.subject, video.id), inArray(jobs.state, ['queued', 'running'])))
    await revoke(tx, { kind: 'asset', assetId: video.id }, at.getTime())
    await tx.delete(videos).where(eq(videos.id, video.id))
    const values = {
      id: video.timelineId,
      videoId: video.id,
      channelId: video.channelId,
      reason: about.reason,
      title: video.title,
      startedAt: video.startedAt,
      durationMs: video.durationMs,
      sourceKey: video.sourceKey,
      removedAt: at,
      sweepAt: at,
      sweptAt: null,
    }
    const [removal] = await tx
      .insert(removals)
      .values(values)
      .onConflictDoUpdate({ target: removals.id, set: values })
      .returning()
    return removal ?? null
  })
}

/** @throws ApiError 404, or 403 when the video is someone else's */
export async function requireOwnVideo(db: Database, personId: string, videoId: string): Promise<void> {
  const [row] = await db
    .select({ ownerId: channels.ownerId })
    .from(videos)
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .where(eq(videos.id, videoId))
  if (!row) throw notFound('video')
  if (row.ownerId !== personId) throw forbidden('The video belongs to someone else.')
}
