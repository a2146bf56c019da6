import { bigint, boolean, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { channels } from './channels.ts'
import { idColumn, moment } from './columns.ts'

/** Whatever has a watch page: a broadcast from the moment it is live, or a file. */
export const videos = pgTable(
  'videos',
  {
    id: idColumn(),
    channelId: text('channel_id')
      .notNull()
      .references(() => channels.id, { onDelete: 'cascade' }),
    timelineId: text('timeline_id').notNull().unique(),
    origin: text('origin', { enum: ['broadcast', 'file'] }).notNull(),
    state: text('state', { enum: ['live', 'processing', 'ready', 'ended', 'failed'] }).notNull(),
    title: text('title').notNull(),
    description: text('description').notNull().default(''),
    durationMs: bigint('duration_ms', { mode: 'number' }),
    width: integer('width'),
    height: integer('height'),
    thumbnailKey: text('thumbnail_key'),
    thumbnailAt: moment('thumbnail_at'),
    /** The first minute of program time (since the Unix epoch) of which no sheet of pictures was made; null before the first. */
    storyboardMinute: integer('storyboard_minute'),
    /** All of its minutes have their sheet that can have one. */
    storyboardDone: boolean('storyboard_done').notNull().default(false),
    /** Names an import, so that repeating it makes no second video. */
    importKey: text('import_key').unique(),
    /** Blob key of the file that it was made from; it goes with the video. */
    sourceKey: text('source_key'),
    startedAt: moment('started_at').notNull(),
    publishedAt: moment('published_at'),
  },
  (table) => [
    index('videos_newest').on(table.startedAt.desc(), table.id.desc()),
    index('videos_state_newest').on(table.state, table.startedAt.desc(), table.id.desc()),
    index('videos_channel_newest').on(table.channelId, table.startedAt.desc(), table.id.desc()),
  ],
)
