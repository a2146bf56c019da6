import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, desc, eq, gt, inArray, lt, ne, or, sql } from 'drizzle-orm'
import { type ChannelRow, channelOfKey } from '../channels/index.ts'
import type { LibraryDeps } from './deps.ts'
import { LibraryError } from './errors.ts'
import { readPulse } from './pulse.ts'
import { readTail, type TimelineTail } from './tail.ts'

const { broadcasts } = schema

export type BroadcastRow = typeof broadcasts.$inferSelect

/** A publisher that was heard of in this time is alive: a second one with its key is refused. */
export const ALIVE_MS = 5_000
/** An encoder that reconnects by itself after the creator's "end stream" is refused for this long, so that it gives up. */
export const JUST_ENDED_MS = 5_000
/** Media sequence numbers given out at a time: two minutes' worth. */
const SEQUENCE_BLOCK = 60

export interface PublisherGrant {
  broadcast: BroadcastRow
  firstSequence: number
  sequenceCount: number
  /** What earlier epochs left in the live window; null for the first epoch, and where nothing is kept. */
  tail: TimelineTail | null
}

/** An ingest node's question about a publisher. */
export interface PublisherOffer {
  keyHash: string
  remoteAddress: string
  nodeUrl: string
  /** Names the run of the node's process; empty when it says nothing of it. */
  nodeRun: string
}

/**
 * Lets a publisher in: finds its channel by the key's hash, opens the channel's broadcast (or takes over one whose
 * publisher is dead) and gives the session its epoch, which fences all earlier ones.
 * @throws LibraryError `unknown-key`, `already-live`, `just-ended`
 */
export async function authorisePublisher(deps: LibraryDeps, about: PublisherOffer): Promise<PublisherGrant> {
  const { db, kv, now } = deps
  const found = await channelOfKey(db, about.keyHash)
  if (!found) throw new LibraryError('unknown-key', 'This stream key is not known')
  const { channel, keyId } = found
  await refuseJustEnded(db, channel.id, now())
  const open = await openBroadcast(db, channel, now())
  const pulse = await readPulse(kv, open.id)
  const deadBefore = now() - ALIVE_MS
  const heardOf = pulse !== null && pulse.epoch === open.epoch && pulse.reportedAtMs > deadBefore
  const mayBeHeardYet = deps.hearingSinceMs() > deadBefore
  // A node has one process at a time: what another run of it served died with that run, however lately it was heard.
  const diedWithNode =
    open.nodeUrl === about.nodeUrl && about.nodeRun !== '' && open.nodeRun !== about.nodeRun
  if (open.state !== 'idle' && !diedWithNode && (heardOf || mayBeHeardYet)) throw alreadyLive()
  // One statement: of two publishers at once, one finds the row as it was and the other as the first one left it.
  const [granted] = await db
    .update(broadcasts)
    .set({
      epoch: sql`${broadcasts.epoch} + 1`,
      nextSequence: sql`${broadcasts.nextSequence} + ${SEQUENCE_BLOCK}`,
      state: sql`case when ${broadcasts.state} = 'live' then 'live' else 'offered' end`,
      streamKeyId: keyId,
      nodeUrl: about.nodeUrl,
      nodeRun: about.nodeRun,
      remoteAddress: about.remoteAddress,
      lastReportAt: new Date(now()),
      // Whoever was live is still to hear it; a stream that never was has nothing to end.
      endRequestedAt: sql`case when ${broadcasts.state} = 'live' then ${broadcasts.endRequestedAt} end`,
      ladder: channel.ladder,
      ...(open.startedAt === null && { partTargetMs: channel.partTargetMs, archive: channel.archive }),
    })
    .where(
      and(
        eq(broadcasts.id, open.id),
        ne(broadcasts.state, 'ended'),
        // As it was found above: whoever came in between has a later epoch.
        eq(broadcasts.epoch, open.epoch),
        diedWithNode
          ? undefined
          : or(eq(broadcasts.state, 'idle'), lt(broadcasts.lastReportAt, new Date(deadBefore))),
      ),
    )
    .returning()
  if (!granted) throw alreadyLive()
  const goesOn = granted.epoch > 1 && granted.archive
  return {
    broadcast: granted,
    firstSequence: granted.nextSequence - SEQUENCE_BLOCK,
    sequenceCount: SEQUENCE_BLOCK,
    tail: goesOn ? await readTail(db, { timelineId: granted.id, epoch: granted.epoch, nowMs: now() }) : null,
  }
}

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
  const { ladder, partTargetMs, archive } = channel
  await db
    .insert(broadcasts)
    .values({
      id: newId(),
      channelId: channel.id,
      state: 'idle',
      ladder,
      partTargetMs,
      archive,
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

/** Asks for the end of the channel's broadcast; the ingest node hears it with the answer to its next report. */
export async function requestEnd(db: Database, channelId: string, nowMs: number): Promise<boolean> {
  const rows = await db
    .update(broadcasts)
    .set({ endRequestedAt: new Date(nowMs) })
    .where(and(eq(broadcasts.channelId, channelId), inArray(broadcasts.state, ['offered', 'live'])))
    .returning({ id: broadcasts.id })
  return rows.length > 0
}

async function refuseJustEnded(db: Database, channelId: string, nowMs: number): Promise<void> {
  const [row] = await db
    .select({ endedAt: broadcasts.endedAt })
    .from(broadcasts)
    .where(
      and(
        eq(broadcasts.channelId, channelId),
        eq(broadcasts.state, 'ended'),
        gt(broadcasts.endRequestedAt, new Date(0)),
      ),
    )
    .orderBy(desc(broadcasts.endedAt))
    .limit(1)
  if (row?.endedAt && row.endedAt.getTime() > nowMs - JUST_ENDED_MS) {
    throw new LibraryError('just-ended', 'The stream was ended on the site; start it again in a few seconds')
  }
}

function alreadyLive(): LibraryError {
  return new LibraryError('already-live', 'Another encoder is live with this stream key')
}
