import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, inArray } from 'drizzle-orm'
import { deleteSheets } from '../library/index.ts'
import type { RetentionDeps } from './deps.ts'
import { freeSegments } from './free.ts'
import { heldRanges } from './held.ts'

const { broadcasts, channels, removals } = schema

/** Playlists that were answered a moment ago still list what is a little too old. */
const MARGIN_MINUTES = 2

/** Deletes what broadcasts that aren't archived have beyond the time that their viewers may go back. */
export async function trimUnarchived(deps: RetentionDeps): Promise<void> {
  const rows = await deps.db
    .select({ timelineId: broadcasts.id, dvrMinutes: channels.dvrMinutes })
    .from(broadcasts)
    .innerJoin(channels, eq(channels.id, broadcasts.channelId))
    .where(and(eq(broadcasts.archive, false), inArray(broadcasts.state, ['live', 'interrupted'])))
  for (const { timelineId, dvrMinutes } of rows) {
    if (deps.closing.aborted) return
    const beforeMinute = Math.floor(deps.now() / 60_000) - dvrMinutes - MARGIN_MINUTES
    const held = await heldRanges(deps.db, timelineId)
    await freeSegments(deps, { timelineId, held, beforeMinute })
    await deleteSheets(deps.blobs, timelineId, { beforeMinute, signal: deps.closing })
  }
}

/** When a broadcast has ended that isn't archived: gives up what is left of it, once nobody's player ends with it. */
export async function giveUpUnarchived(
  db: Database,
  about: { broadcastId: string; nowMs: number },
): Promise<void> {
  const [row] = await db
    .select({ broadcast: broadcasts, title: channels.liveTitle })
    .from(broadcasts)
    .innerJoin(channels, eq(channels.id, broadcasts.channelId))
    .where(
      and(eq(broadcasts.id, about.broadcastId), eq(broadcasts.archive, false), eq(broadcasts.state, 'ended')),
    )
  if (!row) return
  const { broadcast, title } = row
  await db
    .insert(removals)
    .values({
      id: broadcast.id,
      videoId: broadcast.id,
      channelId: broadcast.channelId,
      reason: 'not-archived',
      title,
      startedAt: broadcast.startedAt ?? broadcast.createdAt,
      removedAt: new Date(about.nowMs),
      sweepAt: new Date(about.nowMs + MARGIN_MINUTES * 60_000),
    })
    .onConflictDoNothing()
}
