import type { StreamHealth } from '@streamtube/contracts/api/resources.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, inArray, lt, lte, or } from 'drizzle-orm'
import { advance } from './advance.ts'
import { type Heard, heardAtMs, isSilent, isWaitOver, REPORT_STEP_MS, SILENT_MS } from './alive.ts'
import { type BroadcastEvent, type BroadcastState, type EndReason, steps } from './broadcast-state.ts'
import { findOpenBroadcast } from './broadcasts.ts'
import type { LibraryDeps } from './deps.ts'
import { readPulse, unlessAway, writePulse } from './pulse.ts'
import { clearRefusal, refusalIn, writeRefusal } from './refusals.ts'
import { type BroadcastRow, stateOf, windowMsOf } from './row-state.ts'

const { broadcasts, channels, streamKeys, videos } = schema

/**
 * How long a node has to end what its creator ends. Then it is over all the same, within 2 s of the creator's word: the
 * node may be silent, or still keeping what is left of it, which is taken after the end, too.
 */
export const END_HEARD_MS = 1_000

export interface StreamReport {
  broadcastId: string
  epoch: number
  state: 'offered' | 'live' | 'interrupted' | 'ended'
  /** How long nothing has come from the encoder. */
  silentMs: number
  health: StreamHealth | null
}

/** What the node is told: to go on, or to stop, and why. */
export type ReportAnswer = { end: false } | { end: true; reason: EndReason }

/** Takes a node's report of one publisher: keeps its health, moves the broadcast's state, answers whether to go on. */
export async function reportStream(deps: LibraryDeps, report: StreamReport): Promise<ReportAnswer> {
  const nowMs = deps.now()
  const [row] = await deps.db
    .select({ broadcast: broadcasts, keyId: streamKeys.id, bannedAt: channels.bannedAt })
    .from(broadcasts)
    .innerJoin(channels, eq(channels.id, broadcasts.channelId))
    .leftJoin(streamKeys, eq(streamKeys.id, broadcasts.streamKeyId))
    .where(eq(broadcasts.id, report.broadcastId))
  if (!row) return { end: true, reason: 'unknown' }
  const { broadcast } = row
  if (broadcast.epoch !== report.epoch) return { end: true, reason: 'superseded' }
  const events: BroadcastEvent[] = [
    { type: 'reported', as: report.state, atMs: nowMs },
    ...(broadcast.endRequestedAt ? [{ type: 'end-requested' } as const] : []),
    ...(row.bannedAt ? [{ type: 'banned' } as const] : []),
    ...(row.keyId === null ? [{ type: 'key-replaced' } as const] : []),
  ]
  const before = stateOf(broadcast)
  const { state, stop } = steps(before, events, windowMsOf(broadcast))
  if (report.state === 'ended') await keepRefusal(deps, broadcast.channelId, report.health)
  if (state.name !== 'idle' && state.name !== 'ended') await keepPulse(deps, broadcast, report, nowMs)
  if (state === before) return stop ? { end: true, reason: stop } : { end: false }
  const { broadcastId, epoch, health } = report
  const done = await advance(deps, { broadcastId, epoch, events, health })
  if (!done) return { end: true, reason: 'superseded' }
  return done.stop ? { end: true, reason: done.stop } : { end: false }
}

/**
 * Asks for the end of the channel's broadcast. The ingest node hears it with the answer to its next report; where no
 * encoder is there, it ends at once.
 * @returns false when there is nothing to end
 */
export async function requestEnd(deps: LibraryDeps, channelId: string): Promise<boolean> {
  const rows = await deps.db
    .update(broadcasts)
    .set({ endRequestedAt: new Date(deps.now()) })
    .where(
      and(eq(broadcasts.channelId, channelId), inArray(broadcasts.state, ['offered', 'live', 'interrupted'])),
    )
    .returning({ broadcastId: broadcasts.id, epoch: broadcasts.epoch })
  for (const row of rows) {
    await advance(deps, { ...row, events: [{ type: 'end-requested' }], health: null })
  }
  return rows.length > 0
}

/** Ends what a channel that was banned has on air: at once where no encoder is there, else its node hears it. */
export async function endBanned(deps: LibraryDeps, channelId: string): Promise<void> {
  const open = await findOpenBroadcast(deps.db, channelId)
  if (!open) return
  const { id: broadcastId, epoch } = open
  await advance(deps, { broadcastId, epoch, events: [{ type: 'banned' }], health: null })
}

/** What became of a broadcast that nobody reported. */
export interface Tended {
  broadcastId: string
  state: BroadcastState['name']
  reason: EndReason | null
}

/**
 * Interrupts broadcasts whose node has fallen silent, ends those that waited long enough for their encoder, or that
 * their node does not end as their creator asked.
 */
export async function tendBroadcasts(deps: LibraryDeps): Promise<Tended[]> {
  const nowMs = deps.now()
  // Asked whether or not anybody is silent: it knows by being asked that this process stands on its feet.
  const hearingSinceMs = deps.hearingSinceMs()
  const candidates = await deps.db
    .select()
    .from(broadcasts)
    .where(
      or(
        eq(broadcasts.state, 'interrupted'),
        and(
          inArray(broadcasts.state, ['offered', 'live']),
          or(
            lte(broadcasts.lastReportAt, new Date(nowMs - SILENT_MS)),
            lt(broadcasts.endRequestedAt, new Date(nowMs - END_HEARD_MS)),
          ),
        ),
      ),
    )
  const tended: Tended[] = []
  for (const row of candidates) {
    const before = stateOf(row)
    const events = dueEvents(before, row, await hear(deps, row, { hearingSinceMs, nowMs }))
    if (steps(before, events, windowMsOf(row)).state === before) continue
    const { id: broadcastId, epoch, lastReportAt } = row
    const done = await advance(deps, { broadcastId, epoch, events, health: null, unheardSince: lastReportAt })
    if (done) tended.push({ broadcastId, state: done.state.name, reason: done.stop })
  }
  return tended
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

/** What time alone does to a broadcast. */
function dueEvents(before: BroadcastState, row: BroadcastRow, heard: Heard): BroadcastEvent[] {
  const { endRequestedAt } = row
  const windowMs = windowMsOf(row)
  const due: BroadcastEvent[] = []
  if (endRequestedAt && endRequestedAt.getTime() < heard.nowMs - END_HEARD_MS)
    due.push({ type: 'end-unheard' })
  if (before.name === 'live' && isSilent(heard)) due.push({ type: 'silent', sinceMs: heardAtMs(heard) })
  const { state } = steps(before, due, windowMs)
  return isWaitOver(state, windowMs, heard) ? [...due, { type: 'window-over' }] : due
}

async function hear(
  deps: LibraryDeps,
  row: BroadcastRow,
  times: Pick<Heard, 'hearingSinceMs' | 'nowMs'>,
): Promise<Heard> {
  // Without kv the row decides, which trails by less than the time that silence takes.
  const pulse = await unlessAway(readPulse(deps.kv, row.id), null, (err) =>
    deps.log.warn({ err, broadcastId: row.id }, 'kv does not say when a stream was last heard'),
  )
  const lastReportAtMs = row.lastReportAt?.getTime() ?? 0
  return { epoch: row.epoch, lastReportAtMs, pulse, ...times }
}

/** What its creator is told of an encoder that has gone: only what was wrong with it. */
async function keepRefusal(
  { kv, log, now }: LibraryDeps,
  channelId: string,
  health: StreamHealth | null,
): Promise<void> {
  const warning = refusalIn(health)
  const kept = warning ? writeRefusal(kv, channelId, { warning, nowMs: now() }) : clearRefusal(kv, channelId)
  await unlessAway(kept, undefined, (err) =>
    log.warn({ err, channelId }, 'why an encoder was turned away is not kept'),
  )
}

async function keepPulse(
  deps: LibraryDeps,
  broadcast: BroadcastRow,
  { epoch, silentMs, health }: StreamReport,
  nowMs: number,
): Promise<void> {
  const pulse = { epoch, reportedAtMs: nowMs, silentMs, health }
  let away: Error | null = null
  await unlessAway(writePulse(deps.kv, broadcast.id, pulse), undefined, (error) => {
    away = error
  })
  const trailsMs = nowMs - (broadcast.lastReportAt?.getTime() ?? 0)
  // Less than nothing: the clock was set back.
  if (trailsMs >= 0 && trailsMs < REPORT_STEP_MS) return
  if (away) deps.log.warn({ err: away, broadcastId: broadcast.id }, "a stream's health is not kept")
  await deps.db
    .update(broadcasts)
    .set({ lastReportAt: new Date(nowMs) })
    .where(and(eq(broadcasts.id, broadcast.id), eq(broadcasts.epoch, epoch)))
}
