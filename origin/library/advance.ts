import type { StreamHealth } from '@streamtube/contracts/api/resources.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import { schema, type Transaction } from '@streamtube/db/index.ts'
import { eq, sql } from 'drizzle-orm'
import { makeEvent } from '../ports/events/event.ts'
import { type BroadcastEvent, type BroadcastState, type Step, steps } from './broadcast-state.ts'
import type { LibraryDeps } from './deps.ts'
import { streamEnded, streamStarted } from './events.ts'
import { clearPulse, unlessAway } from './pulse.ts'
import { type BroadcastRow, stateOf, windowMsOf } from './row-state.ts'
import { settleVideo } from './settle.ts'

const { broadcastEpochs, broadcasts, channels, videos } = schema

/** What a broadcast is told, if `epoch` is still its newest. */
export interface Advance {
  broadcastId: string
  epoch: number
  events: readonly BroadcastEvent[]
  /** As far as it is known: a video that begins takes its size from it. */
  health: StreamHealth | null
  /** When its row was heard of last: nothing happens if it was heard of since. */
  unheardSince?: Date | null
}

/** Takes a broadcast through events and writes where it stands then. @returns what followed; nothing did for an older epoch */
export async function advance(deps: LibraryDeps, about: Advance): Promise<Step | null> {
  const { broadcastId, epoch, events, health, unheardSince } = about
  const after = await deps.db.transaction(async (tx) => {
    // Locked: two that advance it at once go one after the other, and the second finds what the first one left.
    const [row] = await tx.select().from(broadcasts).where(eq(broadcasts.id, broadcastId)).for('update')
    if (row?.epoch !== epoch) return null
    if (unheardSince !== undefined && row.lastReportAt?.getTime() !== unheardSince?.getTime()) return null
    const before = stateOf(row)
    const next = steps(before, events, windowMsOf(row))
    if (next.state !== before) await write(deps, tx, row, next.state, health)
    return next
  })
  if (after?.state.name === 'ended' || after?.state.name === 'idle') {
    await unlessAway(clearPulse(deps.kv, broadcastId), undefined, (err) =>
      deps.log.warn({ err, broadcastId }, "an ended stream's health goes by itself in a minute"),
    )
  }
  return after
}

async function write(
  deps: LibraryDeps,
  tx: Transaction,
  row: BroadcastRow,
  next: BroadcastState,
  health: StreamHealth | null,
): Promise<void> {
  const at = new Date(deps.now())
  const set = (values: Partial<BroadcastRow>, address: 'there' | 'away') =>
    tx
      .update(broadcasts)
      .set({
        ...values,
        state: next.name,
        remoteAddress: address === 'away' ? null : addressOf(row),
      })
      .where(eq(broadcasts.id, row.id))
  switch (next.name) {
    case 'idle':
      await set({ streamKeyId: null, endRequestedAt: null }, 'away')
      return
    case 'offered':
      await set({}, 'there')
      return
    case 'live':
      await set({ startedAt: row.startedAt ?? at, interruptedAt: null, lastReportAt: at }, 'there')
      if (!row.startedAt) await begin(deps, tx, row, { at, health })
      return
    case 'interrupted':
      await set({ interruptedAt: new Date(next.sinceMs) }, next.offered ? 'there' : 'away')
      return
    case 'ended': {
      // What it says of the end is read back as its reason.
      const waited = next.reason === 'window-over' ? row.interruptedAt : null
      await set({ endedAt: at, interruptedAt: waited, streamKeyId: null }, 'away')
      await settleVideo(tx, { timelineId: row.id, keep: row.archive, at })
      await tell(deps, tx, streamEnded, row)
      return
    }
    default:
      next satisfies never
  }
}

/** The newest publisher's, also where it counted as gone meanwhile. */
function addressOf({ id, epoch }: BroadcastRow) {
  return sql<string>`(select ${broadcastEpochs.remoteAddress} from ${broadcastEpochs}
    where ${broadcastEpochs.broadcastId} = ${id} and ${broadcastEpochs.epoch} = ${epoch})`
}

async function begin(
  deps: LibraryDeps,
  tx: Transaction,
  row: BroadcastRow,
  { at, health }: { at: Date; health: StreamHealth | null },
): Promise<void> {
  const [channel] = await tx.select().from(channels).where(eq(channels.id, row.channelId))
  if (!channel) return
  await tx
    .insert(videos)
    .values({
      id: row.id,
      channelId: row.channelId,
      timelineId: row.id,
      origin: 'broadcast',
      state: 'live',
      title: channel.liveTitle,
      description: channel.liveDescription,
      width: health?.width || null,
      height: health?.height || null,
      startedAt: at,
      publishedAt: at,
    })
    .onConflictDoNothing()
  await tell(deps, tx, streamStarted, row)
}

async function tell(
  deps: LibraryDeps,
  tx: Transaction,
  event: typeof streamStarted,
  { id, channelId }: BroadcastRow,
): Promise<void> {
  const payload = { broadcastId: id, channelId }
  await deps.events.append(tx, [makeEvent(event, { id: newId(), timeMs: deps.now(), key: id, payload })])
}
