import type { Database, Transaction } from '@streamtube/db/index.ts'
import { deadLetters, eventPositions, outbox, outboxPositions } from '@streamtube/db/schema/events.ts'
import { and, asc, eq, gt, inArray, isNotNull, isNull, lt, lte, max, ne, or, sql } from 'drizzle-orm'
import type { Envelope } from './port.ts'

/** A group of consumers of one topic. */
export interface GroupName {
  topic: string
  group: string
}

/** How far a group has come, and how often it failed at what follows. */
export interface GroupPosition {
  position: number
  attempts: number
}

export interface PositionedEvent {
  position: number
  event: Envelope
}

/** Held by whoever gives out positions: one at a time, however many processes there are. */
const RELAY_LOCK = 7_202_611_220

/** Writes events with the caller's transaction. */
export async function insertEvents(transaction: Transaction, events: readonly Envelope[]): Promise<void> {
  const rows = events.map(({ timeMs, ...event }) => ({ ...event, at: new Date(timeMs) }))
  if (rows.length > 0)
    await transaction.insert(outbox).values(rows).onConflictDoNothing({ target: outbox.id })
}

/**
 * Gives the next `limit` committed events their positions. Only those below the oldest running transaction: a
 * transaction that is still running may hold an event that was written earlier, and it must not be overtaken.
 * @returns the topics that have something new
 */
export async function givePositions(database: Database, limit: number): Promise<string[]> {
  return await database.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(${RELAY_LOCK})`)
    const ready = transaction
      .select({ sequence: outbox.sequence })
      .from(outbox)
      .where(
        and(isNull(outbox.position), sql`${outbox.transactionId} < pg_snapshot_xmin(pg_current_snapshot())`),
      )
      .orderBy(asc(outbox.sequence))
      .limit(limit)
    const told = await transaction
      .update(outbox)
      .set({ position: sql`ready.position` })
      .from(
        sql`(select sequence, nextval(${outboxPositions.seqName}) as position from ${ready} as untold) as ready`,
      )
      .where(sql`${outbox.sequence} = ready.sequence`)
      .returning({ topic: outbox.topic })
    return [...new Set(told.map((row) => row.topic))]
  })
}

/** The events of a topic behind a position, in their order. */
export async function readEvents(
  database: Database,
  topic: string,
  position: number,
  limit: number,
): Promise<PositionedEvent[]> {
  const rows = await database
    .select()
    .from(outbox)
    .where(and(eq(outbox.topic, topic), gt(outbox.position, position)))
    .orderBy(asc(outbox.position))
    .limit(limit)
  return rows.map((row) => ({
    position: row.position ?? 0,
    event: {
      id: row.id,
      topic: row.topic,
      type: row.type,
      version: row.version,
      timeMs: row.at.getTime(),
      key: row.key,
      traceId: row.traceId,
      payload: row.payload,
    },
  }))
}

/** Where a group goes on; one that never ran is entered at the beginning or the end of what is there. */
export async function openPosition(
  database: Database,
  { topic, group }: GroupName,
  from: 'earliest' | 'latest',
  now: Date,
): Promise<GroupPosition> {
  return await database.transaction(async (transaction) => {
    const [end] = await transaction.select({ position: max(outbox.position) }).from(outbox)
    const position = from === 'latest' ? (end?.position ?? 0) : 0
    await transaction
      .insert(eventPositions)
      .values({ topic, group, position, updatedAt: now })
      .onConflictDoNothing()
    const [row] = await transaction.select().from(eventPositions).where(isGroup({ topic, group }))
    return { position: row?.position ?? position, attempts: row?.attempts ?? 0 }
  })
}

export async function savePosition(
  database: Database,
  name: GroupName,
  { position, attempts }: GroupPosition,
  now: Date,
): Promise<void> {
  await database.update(eventPositions).set({ position, attempts, updatedAt: now }).where(isGroup(name))
}

/** Puts an event aside and goes past it, both or neither. */
export async function saveDeadLetter(
  database: Database,
  name: GroupName,
  failed: PositionedEvent & { attempts: number; reason: string },
  now: Date,
): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction
      .insert(deadLetters)
      .values({
        ...name,
        eventId: failed.event.id,
        envelope: failed.event,
        reason: failed.reason,
        attempts: failed.attempts,
        at: now,
      })
      .onConflictDoNothing()
    await transaction
      .update(eventPositions)
      .set({ position: failed.position, attempts: 0, updatedAt: now })
      .where(isGroup(name))
  })
}

/**
 * Deletes up to `limit` told events from before a time; true when there may be more.
 * @param reached how far the slowest group of a topic has come: what it has yet to see stays, however old
 */
export async function deleteOldEvents(
  database: Database,
  before: Date,
  reached: ReadonlyMap<string, number>,
  limit: number,
): Promise<boolean> {
  const seen = [...reached].map(([topic, position]) =>
    or(ne(outbox.topic, topic), lte(outbox.position, position)),
  )
  const old = database
    .select({ sequence: outbox.sequence })
    .from(outbox)
    .where(and(lt(outbox.at, before), isNotNull(outbox.position), ...seen))
    .limit(limit)
  const deleted = await database
    .delete(outbox)
    .where(inArray(outbox.sequence, old))
    .returning({ one: sql<number>`1` })
  return deleted.length === limit
}

export async function deleteOldDeadLetters(database: Database, before: Date): Promise<void> {
  await database.delete(deadLetters).where(lt(deadLetters.at, before))
}

function isGroup({ topic, group }: GroupName) {
  return and(eq(eventPositions.topic, topic), eq(eventPositions.group, group))
}
