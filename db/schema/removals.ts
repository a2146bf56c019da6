import { sql } from 'drizzle-orm'
import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core'
import { idColumn, moment } from './columns.ts'

/**
 * Timelines whose bytes are given up: of videos that were deleted, and of broadcasts that leave nothing behind. The row
 * is the truth: a sweep that was cut short goes on from it. It stays when nothing is left to free, so that what an ingest
 * node still sends of such a timeline is known for what it is, and says what happened to the video.
 */
export const removals = pgTable(
  'removals',
  {
    /** The timeline's. */
    id: idColumn(),
    videoId: text('video_id').notNull(),
    channelId: text('channel_id').notNull(),
    /**
     * `owner`: deleted by hand; `retention`: older than its channel keeps replays; `disk`: the disk was nearly full;
     * `not-archived`: its channel keeps none.
     */
    reason: text('reason', { enum: ['owner', 'retention', 'disk', 'not-archived'] }).notNull(),
    /** What the video was called, when it began and how long it was. */
    title: text('title').notNull(),
    startedAt: moment('started_at').notNull(),
    durationMs: bigint('duration_ms', { mode: 'number' }),
    /** Blob key of the file that it was made from. */
    sourceKey: text('source_key'),
    removedAt: moment('removed_at').notNull(),
    /** When to look for bytes to free: again and again while clips hold some; null: nothing is left. */
    sweepAt: moment('sweep_at'),
    /** When a sweep came to its end for the first time. */
    sweptAt: moment('swept_at'),
    freedBytes: bigint('freed_bytes', { mode: 'number' }).notNull().default(0),
    /** When its creator put the notice about it away. */
    seenAt: moment('seen_at'),
  },
  (table) => [
    index('removals_sweep').on(table.sweepAt).where(sql`${table.sweepAt} is not null`),
    index('removals_notice').on(table.channelId, table.removedAt).where(sql`${table.seenAt} is null`),
  ],
)
