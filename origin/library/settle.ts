import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { playableDurationMs } from '../media/timeline.ts'
import { readLead } from './timeline.ts'

const { videos } = schema

/**
 * Gives a finished timeline's video its final state: `ready` with its duration and size when something of it was kept,
 * `ended` otherwise. Called again when segments come in late.
 * @param about `keep`: false for broadcasts that leave nothing behind
 */
export async function settleVideo(
  db: Database,
  about: { timelineId: string; keep: boolean; at: Date },
): Promise<void> {
  const lead = about.keep ? await readLead(db, about.timelineId) : null
  const durationMs = lead ? Math.round(playableDurationMs(lead)) : 0
  if (!lead || durationMs === 0) {
    await db
      .update(videos)
      .set({ state: 'ended', durationMs: null })
      .where(eq(videos.timelineId, about.timelineId))
    return
  }
  await db
    .update(videos)
    .set({
      state: 'ready',
      durationMs,
      ...(lead.info.width && { width: lead.info.width }),
      ...(lead.info.height && { height: lead.info.height }),
      publishedAt: about.at,
    })
    .where(eq(videos.timelineId, about.timelineId))
}
