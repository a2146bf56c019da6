import type { StreamHealth } from '@streamtube/contracts/api/resources.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema, type Transaction } from '@streamtube/db/index.ts'
import { and, eq, inArray, lt, or } from 'drizzle-orm'
import { makeEvent } from '../ports/events/event.ts'
import type { BroadcastRow } from './broadcasts.ts'
import type { LibraryDeps } from './deps.ts'
import { streamEnded, streamStarted } from './events.ts'
import { clearPulse, readPulse, unlessAway, writePulse } from './pulse.ts'
import { settleVideo } from './settle.ts'

const { broadcasts, channels, streamKeys, videos } = schema

/** A broadcast whose node says nothing for this long is over: the time in which a node and its encoders may come back. */
export const SILENT_MS = 60_000
/** A node that was to end a broadcast and hasn't said so for this long has fallen silent. */
export const END_HEARD_MS = 10_000
/** The database hears of reports once in this time: often enough to find the silent ones. */
const REPORT_STEP_MS = 5_000

export interface StreamReport {
  broadcastId: string
  epoch: number
  state: 'offered' | 'live' | 'ended'
  health: StreamHealth | null
}

/** What the node is told: to go on, or to close its publisher, and why. */
export type ReportAnswer = { end: false } | { end: true; reason: EndReason }
type EndReason = 'unknown' | 'superseded' | 'over' | 'ended-by-creator' | 'key-replaced'

/** Takes a node's report of one publisher: keeps its health, moves the broadcast's state, answers whether to go on. */
export async function reportStream(deps: LibraryDeps, report: StreamReport): Promise<ReportAnswer> {
  const { db, now } = deps
  const [row] = await db
    .select({ broadcast: broadcasts, keyId: streamKeys.id })
    .from(broadcasts)
    .leftJoin(streamKeys, eq(streamKeys.id, broadcasts.streamKeyId))
    .where(eq(broadcasts.id, report.broadcastId))
  if (!row) return { end: true, reason: 'unknown' }
  const { broadcast } = row
  if (broadcast.epoch !== report.epoch) return { end: true, reason: 'superseded' }
  if (broadcast.state === 'ended' || broadcast.state === 'idle') return { end: true, reason: 'over' }
  if (report.state === 'ended') {
    await endBroadcast(deps, broadcast)
    return { end: true, reason: 'over' }
  }
  const nowMs = now()
  const pulse = { epoch: report.epoch, reportedAtMs: nowMs, health: report.health }
  let away: Error | null = null
  await unlessAway(writePulse(deps.kv, broadcast.id, pulse), undefined, (error) => {
    away = error
  })
  if (report.state === 'live' && broadcast.state === 'offered') {
    await goLive(deps, broadcast, report.health)
  } else if ((broadcast.lastReportAt?.getTime() ?? 0) <= nowMs - REPORT_STEP_MS) {
    if (away) deps.log.warn({ err: away, broadcastId: broadcast.id }, "a stream's health is not kept")
    await db
      .update(broadcasts)
      .set({ lastReportAt: new Date(nowMs) })
      .where(and(eq(broadcasts.id, broadcast.id), eq(broadcasts.epoch, report.epoch)))
  }
  if (broadcast.endRequestedAt) return { end: true, reason: 'ended-by-creator' }
  if (row.keyId === null) return { end: true, reason: 'key-replaced' }
  return { end: false }
}

/** Ends broadcasts whose node has fallen silent, or does not end them as their creator asked. @returns their ids */
export async function endSilentBroadcasts(deps: LibraryDeps): Promise<string[]> {
  const silentSince = deps.now() - SILENT_MS
  const askedBefore = new Date(deps.now() - END_HEARD_MS)
  const isSilent =
    silentSince < deps.hearingSinceMs() ? undefined : lt(broadcasts.lastReportAt, new Date(silentSince))
  const candidates = await deps.db
    .select()
    .from(broadcasts)
    .where(
      and(
        inArray(broadcasts.state, ['offered', 'live']),
        or(isSilent, lt(broadcasts.endRequestedAt, askedBefore)),
      ),
    )
  const ended: string[] = []
  for (const broadcast of candidates) {
    const wasAsked = broadcast.endRequestedAt !== null && broadcast.endRequestedAt < askedBefore
    // Without kv the row decides, which trails by less than the time that silence takes.
    const pulse = await unlessAway(readPulse(deps.kv, broadcast.id), null, (err) =>
      deps.log.warn(
        { err, broadcastId: broadcast.id },
        'kv does not say when a silent stream was last heard',
      ),
    )
    if (!wasAsked && pulse && pulse.epoch === broadcast.epoch && pulse.reportedAtMs > silentSince) continue
    await endBroadcast(deps, broadcast)
    ended.push(broadcast.id)
  }
  return ended
}

/** Carries a new title or description over to the channel's live video. */
export async function describeLive(
  db: Database,
  channelId: string,
  { title, description }: { title: string | undefined; description: string | undefined },
): Promise<void> {
  if (title === undefined && description === undefined) return
  await db
    .update(videos)
    .set({ ...(title !== undefined && { title }), ...(description !== undefined && { description }) })
    .where(and(eq(videos.channelId, channelId), eq(videos.state, 'live')))
}

async function goLive(
  deps: LibraryDeps,
  broadcast: BroadcastRow,
  health: StreamHealth | null,
): Promise<void> {
  const at = new Date(deps.now())
  await deps.db.transaction(async (tx) => {
    const [row] = await tx
      .update(broadcasts)
      .set({ state: 'live', startedAt: at, lastReportAt: at })
      .where(
        and(
          eq(broadcasts.id, broadcast.id),
          eq(broadcasts.epoch, broadcast.epoch),
          eq(broadcasts.state, 'offered'),
        ),
      )
      .returning()
    if (!row) return
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
  })
}

/** Ends a broadcast, if this is still its newest session. One that never was live keeps its id for the next try. */
async function endBroadcast(deps: LibraryDeps, broadcast: BroadcastRow): Promise<void> {
  const at = new Date(deps.now())
  await deps.db.transaction(async (tx) => {
    const [row] = await tx.select().from(broadcasts).where(eq(broadcasts.id, broadcast.id)).for('update')
    if (row?.epoch !== broadcast.epoch || (row.state !== 'offered' && row.state !== 'live')) return
    const wasLive = row.startedAt !== null
    await tx
      .update(broadcasts)
      .set(
        wasLive
          ? { state: 'ended', endedAt: at, streamKeyId: null }
          : { state: 'idle', streamKeyId: null, endRequestedAt: null },
      )
      .where(eq(broadcasts.id, row.id))
    if (!wasLive) return
    await settleVideo(tx, { timelineId: row.id, keep: row.archive, at })
    await tell(deps, tx, streamEnded, row)
  })
  await unlessAway(clearPulse(deps.kv, broadcast.id), undefined, (err) =>
    deps.log.warn({ err, broadcastId: broadcast.id }, "an ended stream's health goes by itself in a minute"),
  )
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
