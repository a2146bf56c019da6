import { boolean, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { idColumn, moment } from './columns.ts'
import { people } from './people.ts'

export const channels = pgTable(
  'channels',
  {
    id: idColumn(),
    ownerId: text('owner_id')
      .notNull()
      .references(() => people.id, { onDelete: 'cascade' }),
    /** Lower case. */
    handle: text('handle').notNull().unique(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    /** Title and description of the current and the next broadcast. */
    liveTitle: text('live_title').notNull(),
    liveDescription: text('live_description').notNull().default(''),
    ladder: text('ladder', { enum: ['auto', 'on', 'off'] })
      .notNull()
      .default('auto'),
    /** PART-TARGET of the next broadcast (MEDIA.md 5): 210 or 510. */
    partTargetMs: integer('part_target_ms').notNull().default(510),
    /** How long a broadcast waits for an encoder that was lost: 0 to 1800. */
    reconnectWindowSeconds: integer('reconnect_window_seconds').notNull().default(60),
    /** How far viewers of a live stream may go back; 0: not at all. */
    dvrMinutes: integer('dvr_minutes').notNull().default(240),
    /** Replays are deleted this many days after their end; null: never. */
    retentionDays: integer('retention_days'),
    /** Since when it may not publish. */
    bannedAt: moment('banned_at'),
    /** False: its broadcasts leave nothing behind. */
    archive: boolean('archive').notNull().default(true),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [index('channels_owner').on(table.ownerId)],
)

/** The one key of a channel; a new key is a new row in its place. */
export const streamKeys = pgTable('stream_keys', {
  id: idColumn(),
  channelId: text('channel_id')
    .notNull()
    .unique()
    .references(() => channels.id, { onDelete: 'cascade' }),
  /** Hex SHA-256 of the key, which is kept nowhere. */
  keyHash: text('key_hash').notNull().unique(),
  lastFour: text('last_four').notNull(),
  createdAt: moment('created_at').notNull(),
})
