import { sql } from 'drizzle-orm'
import { bigint, index, integer, jsonb, pgSequence, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment, xid8 } from './columns.ts'

/** Events, written in the transaction of the change they tell of. */
export const outbox = pgTable(
  'outbox',
  {
    /** The order of writing: of two transactions on one key, the later one's is higher, but it may be committed first. */
    sequence: bigint('sequence', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    /** The order of telling, given by the relay; null until then. */
    position: bigint('position', { mode: 'number' }).unique(),
    /** The relay stays below the oldest running transaction, so that no late commit is skipped. */
    transactionId: xid8('transaction_id').notNull().default(sql`pg_current_xact_id()`),
    id: text('id').notNull().unique(),
    topic: text('topic').notNull(),
    type: text('type').notNull(),
    version: integer('version').notNull(),
    key: text('key').notNull(),
    traceId: text('trace_id'),
    at: moment('at').notNull(),
    payload: jsonb('payload').notNull(),
  },
  (table) => [
    index('outbox_topic').on(table.topic, table.position),
    index('outbox_untold').on(table.sequence).where(sql`${table.position} is null`),
    index('outbox_age').on(table.at),
  ],
)

/** Positions are drawn from here, so that they go on rising when old events are deleted. */
export const outboxPositions = pgSequence('outbox_positions')

/** How far each group of consumers has come in a topic. */
export const eventPositions = pgTable(
  'event_positions',
  {
    group: text('group').notNull(),
    topic: text('topic').notNull(),
    position: bigint('position', { mode: 'number' }).notNull(),
    /** Failed attempts at the event that follows. */
    attempts: integer('attempts').notNull().default(0),
    updatedAt: moment('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.group, table.topic] })],
)

/** Events that a group gave up on. */
export const deadLetters = pgTable(
  'dead_letters',
  {
    group: text('group').notNull(),
    eventId: text('event_id').notNull(),
    topic: text('topic').notNull(),
    envelope: jsonb('envelope').notNull(),
    reason: text('reason').notNull(),
    attempts: integer('attempts').notNull(),
    at: moment('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.group, table.eventId] }), index('dead_letters_age').on(table.at)],
)
