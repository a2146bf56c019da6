import { bigint, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { channels } from './channels.ts'
import { idColumn, moment } from './columns.ts'
import { people } from './people.ts'
import { videos } from './videos.ts'

/**
 * Ranges of a timeline with a page of their own. A clip copies nothing and outlives its video: the segments that it shows
 * are held by it. Times are program times, in milliseconds since the Unix epoch; a range ends before its end.
 */
export const clips = pgTable(
  'clips',
  {
    id: idColumn(),
    /** Names the take in playback: what its maker sees while trimming. */
    takeId: text('take_id').notNull().unique(),
    timelineId: text('timeline_id').notNull(),
    /** Null when the video is gone. */
    videoId: text('video_id').references(() => videos.id, { onDelete: 'set null' }),
    channelId: text('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    creatorId: text('creator_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    title: text('title').notNull(),
    startMs: bigint('start_ms', { mode: 'number' }).notNull(),
    endMs: bigint('end_ms', { mode: 'number' }).notNull(),
    /** The take: how far the range may be moved. */
    takeStartMs: bigint('take_start_ms', { mode: 'number' }).notNull(),
    takeEndMs: bigint('take_end_ms', { mode: 'number' }).notNull(),
    /** Where the clip begins in its video, interruptions left out. */
    positionMs: bigint('position_ms', { mode: 'number' }).notNull(),
    /** How long it plays, interruptions left out. */
    durationMs: integer('duration_ms').notNull().default(0),
    /** Blob key of its picture. */
    thumbnailKey: text('thumbnail_key'),
    /** Names the request that made it, so that repeating it makes no second clip. */
    requestKey: text('request_key'),
    /** Null while it is a draft. */
    publishedAt: moment('published_at'),
    createdAt: moment('created_at').notNull(),
    /** Blob key of the newest export of exactly this range; null: there is none. */
    exportKey: text('export_key'),
    exportBytes: bigint('export_bytes', { mode: 'number' }),
    exportFrames: integer('export_frames'),
    exportedAt: moment('exported_at'),
  },
  (table) => [
    index('clips_channel_newest').on(table.channelId, table.id.desc()),
    index('clips_video_newest').on(table.videoId, table.id.desc()),
    index('clips_timeline').on(table.timelineId),
    uniqueIndex('clips_request').on(table.creatorId, table.requestKey),
  ],
)
