import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
} from 'drizzle-orm/pg-core'

/** A rendition as it is in one epoch: its header may change with each publisher session. */
export const renditions = pgTable(
  'renditions',
  {
    timelineId: text('timeline_id').notNull(),
    renditionId: text('rendition_id').notNull(),
    epoch: integer('epoch').notNull(),
    kind: text('kind', { enum: ['video', 'audio'] }).notNull(),
    /** RFC 6381. */
    codecs: text('codecs').notNull(),
    timescale: integer('timescale').notNull(),
    width: integer('width'),
    height: integer('height'),
    frameRate: doublePrecision('frame_rate'),
    channels: integer('channels'),
    /** CEA-608/708 captions are in the picture data. */
    captions: boolean('captions').notNull().default(false),
    /** Blob key of the CMAF header. */
    initKey: text('init_key').notNull(),
  },
  (table) => [primaryKey({ columns: [table.timelineId, table.renditionId, table.epoch] })],
)

/**
 * The timeline index (MEDIA.md 17): a row per rendition, epoch and minute of program time. The arrays are parallel and
 * ordered by sequence; an entry's object is `<locatorPrefix>s<sequence>.m4s`.
 */
export const timelineIndex = pgTable(
  'timeline_index',
  {
    timelineId: text('timeline_id').notNull(),
    renditionId: text('rendition_id').notNull(),
    epoch: integer('epoch').notNull(),
    /** Minutes since the Unix epoch. */
    minute: integer('minute').notNull(),
    locatorPrefix: text('locator_prefix').notNull(),
    sequences: bigint('sequences', { mode: 'number' }).array().notNull(),
    /** In the rendition's timescale, as `durations`. */
    dts: bigint('dts', { mode: 'number' }).array().notNull(),
    durations: integer('durations').array().notNull(),
    programTimesMs: bigint('program_times_ms', { mode: 'number' }).array().notNull(),
    sizesBytes: integer('sizes_bytes').array().notNull(),
    /** Bits: 1 independent, 2 discontinuity, 4 gap, 8 a new header from here on. */
    flags: smallint('flags').array().notNull(),
  },
  (table) => [primaryKey({ columns: [table.timelineId, table.renditionId, table.epoch, table.minute] })],
)
