import { type Database, schema } from '@streamtube/db/index.ts'
import { and, desc, eq, isNotNull } from 'drizzle-orm'
import { type ChannelRow, channelOfKey } from '../channels/index.ts'
import { mayBeAlive } from './alive.ts'
import { step } from './broadcast-state.ts'
import { openBroadcast } from './broadcasts.ts'
import type { LibraryDeps } from './deps.ts'
import { addEpoch } from './epochs.ts'
import { LibraryError } from './errors.ts'
import { type Pulse, readPulse, unlessAway } from './pulse.ts'
import { type BroadcastRow, stateOf, windowMsOf } from './row-state.ts'
import { readTail, type TimelineTail } from './tail.ts'

const { broadcasts } = schema

/** An encoder that reconnects by itself after the creator's "end stream" is refused for this long, so that it gives up. */
export const JUST_ENDED_MS = 5_000
/** Media sequence numbers given out at a time: two minutes' worth. */
const SEQUENCE_BLOCK = 60
/** A broadcast may end between two looks at it; that it does so again and again is somebody's mistake. */
const TRIES = 3

export interface PublisherGrant {
  broadcast: BroadcastRow
  firstSequence: number
  sequenceCount: number
  /** Its segments are kept: for ever, or for as long as its viewers may go back. */
  isRecorded: boolean
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

interface Admission {
  offer: PublisherOffer
  channel: ChannelRow
  keyId: string
  /** The broadcast as it was found: whoever came in between has a later epoch. */
  open: BroadcastRow
  pulse: Pulse | null
}

/**
 * Lets a publisher in: finds its channel by the key's hash, opens the channel's broadcast (or goes on with one that is
 * interrupted, or whose publisher is dead) and gives the session its epoch, which fences all earlier ones.
 * @throws LibraryError `unknown-key`, `banned`, `already-live`, `just-ended`
 */
export async function authorisePublisher(deps: LibraryDeps, offer: PublisherOffer): Promise<PublisherGrant> {
  const { db, now } = deps
  const found = await channelOfKey(db, offer.keyHash)
  if (!found) throw new LibraryError('unknown-key', 'This stream key is not known')
  const { channel, keyId } = found
  if (channel.bannedAt) {
    throw new LibraryError(
      'banned',
      'This channel was suspended by the operator of the site; it cannot go live',
    )
  }
  const granted = await admit(deps, { offer, channel, keyId })
  const isRecorded = granted.archive || channel.dvrMinutes > 0
  const goesOn = granted.epoch > 1 && isRecorded
  return {
    broadcast: granted,
    firstSequence: granted.nextSequence - SEQUENCE_BLOCK,
    sequenceCount: SEQUENCE_BLOCK,
    isRecorded,
    tail: goesOn ? await readTail(db, { timelineId: granted.id, epoch: granted.epoch, nowMs: now() }) : null,
  }
}

async function admit(
  deps: LibraryDeps,
  about: Pick<Admission, 'offer' | 'channel' | 'keyId'>,
): Promise<BroadcastRow> {
  const { db, kv, log, now } = deps
  for (let i = 0; i < TRIES; i++) {
    await refuseJustEnded(db, about.channel.id, now())
    const open = await openBroadcast(db, about.channel, now())
    // Without kv the row decides, which trails.
    const pulse = await unlessAway(readPulse(kv, open.id), null, (err) =>
      log.warn({ err, broadcastId: open.id }, 'kv does not say when a publisher was heard of last'),
    )
    const granted = await grant(deps, { ...about, open, pulse })
    if (granted) return granted
  }
  throw alreadyLive()
}

/** @returns null when the broadcast has ended meanwhile @throws LibraryError `already-live` */
async function grant(deps: LibraryDeps, about: Admission): Promise<BroadcastRow | null> {
  const { offer, channel, keyId, open, pulse } = about
  const nowMs = deps.now()
  const at = new Date(nowMs)
  return await deps.db.transaction(async (tx) => {
    // Locked: of two publishers at once the second finds the row as the first one left it.
    const [row] = await tx.select().from(broadcasts).where(eq(broadcasts.id, open.id)).for('update')
    if (!row || row.state === 'ended') return null
    if (row.epoch !== open.epoch) throw alreadyLive()
    const before = stateOf(row)
    // A node has one process at a time: what another run of it served died with that run, however lately it was heard.
    const diedWithNode =
      row.nodeUrl === offer.nodeUrl && offer.nodeRun !== '' && row.nodeRun !== offer.nodeRun
    const heard = {
      epoch: row.epoch,
      lastReportAtMs: row.lastReportAt?.getTime() ?? 0,
      pulse,
      hearingSinceMs: deps.hearingSinceMs(),
      nowMs,
    }
    if (!diedWithNode && mayBeAlive(before, heard)) throw alreadyLive()
    const { state } = step(before, { type: 'granted', atMs: nowMs }, windowMsOf(row))
    const [granted] = await tx
      .update(broadcasts)
      .set({
        epoch: row.epoch + 1,
        nextSequence: row.nextSequence + SEQUENCE_BLOCK,
        state: state.name,
        interruptedAt: state.name === 'interrupted' ? new Date(state.sinceMs) : null,
        streamKeyId: keyId,
        nodeUrl: offer.nodeUrl,
        nodeRun: offer.nodeRun,
        remoteAddress: offer.remoteAddress,
        lastReportAt: at,
        // Whoever was live is still to hear it; a stream that never was has nothing to end.
        endRequestedAt: state.name === 'live' ? row.endRequestedAt : null,
        ladder: channel.ladder,
        ...(row.startedAt === null && settingsOf(channel)),
      })
      .where(eq(broadcasts.id, row.id))
      .returning()
    if (!granted) return null
    await addEpoch(tx, {
      broadcastId: row.id,
      epoch: granted.epoch,
      firstSequence: row.nextSequence,
      nodeUrl: offer.nodeUrl,
      remoteAddress: offer.remoteAddress,
      startedAt: at,
    })
    return granted
  })
}

/** What a broadcast keeps as its channel had it when it began. */
function settingsOf({ partTargetMs, archive, reconnectWindowSeconds }: ChannelRow) {
  return { partTargetMs, archive, reconnectWindowSeconds }
}

async function refuseJustEnded(db: Database, channelId: string, nowMs: number): Promise<void> {
  const [row] = await db
    .select({ endedAt: broadcasts.endedAt })
    .from(broadcasts)
    .where(
      and(
        eq(broadcasts.channelId, channelId),
        eq(broadcasts.state, 'ended'),
        isNotNull(broadcasts.endRequestedAt),
      ),
    )
    .orderBy(desc(broadcasts.endedAt))
    .limit(1)
  // By how much either way: a clock that was set back locks nobody out.
  if (row?.endedAt && Math.abs(nowMs - row.endedAt.getTime()) < JUST_ENDED_MS) {
    throw new LibraryError('just-ended', 'The stream was ended on the site; start it again in a few seconds')
  }
}

function alreadyLive(): LibraryError {
  return new LibraryError('already-live', 'Another encoder is live with this stream key')
}
