import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { channels } from './channels.ts'
import { idColumn, moment } from './columns.ts'

/**
 * Broadcasts. A channel has one at most that isn't `ended`; while `idle` it only reserves the id of the next one. The
 * video of the same id appears when it goes live.
 */
export const broadcasts = pgTable(
  'broadcasts',
  {
    id: idColumn(),
    channelId: text('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    state: text('state', { enum: ['idle', 'offered', 'live', 'interrupted', 'ended'] }).notNull(),
    /** Number of the newest publisher session: fences all older ones (MEDIA.md 9). */
    epoch: integer('epoch').notNull().default(0),
    /** First media sequence number that no epoch has reserved. */
    nextSequence: bigint('next_sequence', { mode: 'number' }).notNull().default(0),
    /** Which key the newest publisher came with; when the key is replaced, its publisher ends. */
    streamKeyId: text('stream_key_id'),
    /** Base URL under which the edge reaches the ingest node. */
    nodeUrl: text('node_url'),
    /** Which run of that node's process it is: a newer run knows nothing of what an older one served. */
    nodeRun: text('node_run'),
    remoteAddress: text('remote_address'),
    ladder: text('ladder', { enum: ['auto', 'on', 'off'] }).notNull(),
    partTargetMs: integer('part_target_ms').notNull(),
    archive: boolean('archive').notNull(),
    /** How long it waits for its encoder to come back: as its channel had it when it began. */
    reconnectWindowSeconds: integer('reconnect_window_seconds').notNull().default(60),
    createdAt: moment('created_at').notNull(),
    startedAt: moment('started_at'),
    /** Since when its encoder is away; null while it is there. */
    interruptedAt: moment('interrupted_at'),
    endedAt: moment('ended_at'),
    /** Trails the newest report by seconds: the exact time is in kv. */
    lastReportAt: moment('last_report_at'),
    endRequestedAt: moment('end_requested_at'),
  },
  (table) => [
    uniqueIndex('broadcasts_open').on(table.channelId).where(sql`${table.state} <> 'ended'`),
    index('broadcasts_channel').on(table.channelId, table.endedAt),
    index('broadcasts_alive')
      .on(table.lastReportAt)
      .where(sql`${table.state} in ('offered', 'live', 'interrupted')`),
  ],
)

/**
 * A broadcast's publisher sessions. An epoch owns the media sequence numbers from its first to the next epoch's first:
 * what an older one still has to record of its own numbers is taken, whatever lies past them is refused (MEDIA.md 9).
 */
export const broadcastEpochs = pgTable(
  'broadcast_epochs',
  {
    broadcastId: text('broadcast_id')
      .notNull()
      .references(() => broadcasts.id, { onDelete: 'cascade' }),
    epoch: integer('epoch').notNull(),
    firstSequence: bigint('first_sequence', { mode: 'number' }).notNull(),
    nodeUrl: text('node_url').notNull(),
    remoteAddress: text('remote_address').notNull(),
    startedAt: moment('started_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.broadcastId, table.epoch] })],
)
