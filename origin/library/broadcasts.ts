import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, ne, sql } from 'drizzle-orm'
import type { ChannelRow } from '../channels/index.ts'
import type { LibraryDeps } from './deps.ts'
import { LibraryError } from './errors.ts'
import type { BroadcastRow } from './row-state.ts'

const { broadcasts } = schema

/**
 * The next block of media sequence numbers (MEDIA.md 9).
 * @throws LibraryError `fenced`, `unknown`, `invalid`
 */
export async function reserveSequences(
  { db }: Pick<LibraryDeps, 'db'>,
  about: { broadcastId: string; epoch: number; count: number },
): Promise<{ firstSequence: number; count: number }> {
  const { broadcastId, epoch, count } = about
  if (count < 1 || count > 10_000) throw new LibraryError('invalid', 'count must be 1 to 10000')
  const [row] = await db
    .update(broadcasts)
    .set({ nextSequence: sql`${broadcasts.nextSequence} + ${count}` })
    .where(and(eq(broadcasts.id, broadcastId), eq(broadcasts.epoch, epoch), ne(broadcasts.state, 'ended')))
    .returning({ nextSequence: broadcasts.nextSequence })
  if (row) return { firstSequence: row.nextSequence - count, count }
  const [known] = await db
    .select({ id: broadcasts.id })
    .from(broadcasts)
    .where(eq(broadcasts.id, broadcastId))
  if (!known) throw new LibraryError('unknown', 'There is no such broadcast')
  throw new LibraryError('fenced', 'This publisher session is over')
}

/** The channel's broadcast that isn't over; made (`idle`) where there is none. Its id is the next video's. */
export async function openBroadcast(db: Database, channel: ChannelRow, nowMs: number): Promise<BroadcastRow> {
  const { ladder, partTargetMs, archive, reconnectWindowSeconds } = channel
  await db
    .insert(broadcasts)
    .values({
      id: newId(),
      channelId: channel.id,
      state: 'idle',
      ladder,
      partTargetMs,
      archive,
      reconnectWindowSeconds,
      createdAt: new Date(nowMs),
    })
    .onConflictDoNothing()
  const row = await findOpenBroadcast(db, channel.id)
  // It ended between both statements, which takes a publisher that comes and goes at this moment.
  return row ?? (await openBroadcast(db, channel, nowMs))
}

/** The channel's broadcast that isn't over, or null. */
export async function findOpenBroadcast(db: Database, channelId: string): Promise<BroadcastRow | null> {
  const [row] = await db
    .select()
    .from(broadcasts)
    .where(and(eq(broadcasts.channelId, channelId), ne(broadcasts.state, 'ended')))
  return row ?? null
}
