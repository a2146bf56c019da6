import { z } from 'zod'
import { playbackKinds } from '../claims.ts'
import { idSchema } from '../ids.ts'

/** Handles are the names in addresses: lower case, 3 to 30 characters. */
export const handleSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9_-]{1,28})[a-z0-9]$/, 'use 3 to 30 letters, digits, hyphens or underscores')

export const timestampSchema = z.iso.datetime()

/** `nullable()` of a named schema as a union, which OpenAPI 3.1 can say with a reference. */
function orNull<Named extends z.ZodType>(schema: Named) {
  return z.union([schema, z.null()])
}

export const personSchema = z
  .object({
    id: idSchema,
    handle: handleSchema,
    email: z.email().nullable(),
    createdAt: timestampSchema,
  })
  .meta({ id: 'Person' })
export type Person = z.infer<typeof personSchema>

export const channelSchema = z
  .object({
    id: idSchema,
    handle: handleSchema,
    name: z.string(),
    description: z.string(),
    createdAt: timestampSchema,
  })
  .meta({ id: 'Channel' })
export type Channel = z.infer<typeof channelSchema>

export const ladderModes = ['auto', 'on', 'off'] as const

/** How far viewers are behind: parts of 0.21 s, or of 0.51 s, which cost everyone fewer requests. */
export const latencyModes = ['normal', 'low'] as const
export type LatencyMode = (typeof latencyModes)[number]

export const RECONNECT_WINDOW_MAX_SECONDS = 1_800
export const DVR_MAX_MINUTES = 1_440
export const RETENTION_MAX_DAYS = 3_650

/** A channel as its owner sees it. */
export const ownChannelSchema = channelSchema
  .extend({
    /** Title and description of the broadcast that is on and of the next one. */
    liveTitle: z.string(),
    liveDescription: z.string(),
    /** These three hold from the next broadcast on. */
    ladder: z.enum(ladderModes),
    latency: z.enum(latencyModes),
    /** How long a broadcast waits for an encoder that was lost; 0: it ends with it. */
    reconnectWindowSeconds: z.number().int().min(0).max(RECONNECT_WINDOW_MAX_SECONDS),
    /** How far viewers of a live stream may go back; 0: not at all. */
    dvrMinutes: z.number().int().min(0).max(DVR_MAX_MINUTES),
    /** Replays are deleted this many days after their end; null: never. */
    retentionDays: z.number().int().min(1).max(RETENTION_MAX_DAYS).nullable(),
    /** Since when the site's operator lets it publish no more; null: it may. */
    bannedAt: timestampSchema.nullable(),
    streamKey: z.object({ masked: z.string(), createdAt: timestampSchema }).nullable(),
  })
  .meta({ id: 'OwnChannel' })
export type OwnChannel = z.infer<typeof ownChannelSchema>

/**
 * Small pictures of a video, a sheet for each minute of program time: `../../m/<timeline>/storyboard/<minute>.jpg` beside
 * its master playlist, minutes counted from the Unix epoch. A picture stands for `intervalMs`, row by row; a minute of
 * which nothing can be shown has no sheet.
 */
export const storyboardSchema = z
  .object({
    timelineId: idSchema,
    columns: z.number().int().positive(),
    rows: z.number().int().positive(),
    intervalMs: z.number().int().positive(),
    /** Up to here there are sheets, without: milliseconds since the Unix epoch, program time. */
    untilMs: z.number().int().nonnegative(),
  })
  .meta({ id: 'Storyboard' })
export type Storyboard = z.infer<typeof storyboardSchema>

/** Twelve pictures a minute, one for every five seconds. */
export const STORYBOARD = { columns: 4, rows: 3, intervalMs: 5_000 } as const

export const videoStates = ['live', 'processing', 'ready', 'ended', 'failed'] as const

/**
 * A video: a broadcast while it is live (`live`), after its end (`ready`; `ended` when nothing was kept), or a file
 * (`processing` -> `ready`, or `failed`).
 */
export const videoSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    description: z.string(),
    state: z.enum(videoStates),
    origin: z.enum(['broadcast', 'file']),
    channel: channelSchema.pick({ id: true, handle: true, name: true }),
    durationMs: z.number().int().nonnegative().nullable(),
    width: z.number().int().positive().nullable(),
    height: z.number().int().positive().nullable(),
    thumbnailUrl: z.string().nullable(),
    startedAt: timestampSchema,
    publishedAt: timestampSchema.nullable(),
    /**
     * Of a live video whose encoder is away: how long it is waited for. Then the stream is over. Null while the encoder
     * is there, and for all that isn't live.
     */
    interruptedUntil: timestampSchema.nullable(),
    /** How far back a live video may be watched, in milliseconds; 0: not at all. Null for all that isn't live. */
    dvrMs: z.number().int().nonnegative().nullable(),
    storyboard: orNull(storyboardSchema),
  })
  .meta({ id: 'Video' })
export type Video = z.infer<typeof videoSchema>

export const sessionSchema = z
  .object({
    person: orNull(personSchema),
    channels: z.array(ownChannelSchema),
    /** True until the first person has an account: sign-up then needs the link from the start-up banner. */
    setupNeeded: z.boolean(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof sessionSchema>

export const streamHealthSchema = z
  .object({
    videoBitrateBps: z.number().nonnegative(),
    audioBitrateBps: z.number().nonnegative(),
    frameRate: z.number().nonnegative(),
    /** Null until two key frames were seen. */
    keyFrameIntervalMs: z.number().nullable(),
    width: z.number().int().nonnegative(),
    height: z.number().int().nonnegative(),
    videoCodec: z.string(),
    audioCodec: z.string(),
    uptimeMs: z.number().int().nonnegative(),
    /** Stable codes, worded by the web: `key-frames-far-apart`, `no-audio`, `ladder-off-machine`, `ladder-restarted`, ... */
    warnings: z.array(z.string()),
    rungs: z.array(z.string()),
  })
  .meta({ id: 'StreamHealth' })
export type StreamHealth = z.infer<typeof streamHealthSchema>

/** What the go-live page shows. */
export const liveStatusSchema = z
  .object({
    ingest: z.object({ rtmpUrl: z.string(), rtmpsUrl: z.string().nullable() }),
    /**
     * `idle`: nobody publishes; `offered`: a publisher is connected, no picture yet; `live`; `interrupted`: the encoder
     * is away without having said goodbye, the broadcast waits for it.
     */
    state: z.enum(['idle', 'offered', 'live', 'interrupted']),
    video: orNull(videoSchema),
    health: orNull(streamHealthSchema),
    /** Since when the encoder is away, and until when it is waited for; null unless `interrupted`. */
    interrupted: z.object({ since: timestampSchema, until: timestampSchema }).nullable(),
    /**
     * When an encoder went on last with what an earlier one had begun, and whether it came from another address; null
     * as long as it is the first.
     */
    lastReturn: z.object({ at: timestampSchema, otherAddress: z.boolean() }).nullable(),
    /**
     * While `idle`: when and why the last encoder was turned away, as a warning (`unsupported-codec:HEVC`). Null after ten
     * minutes, and when it just ended.
     */
    refusal: z.object({ at: timestampSchema, warning: z.string() }).nullable(),
  })
  .meta({ id: 'LiveStatus' })
export type LiveStatus = z.infer<typeof liveStatusSchema>

export const removalReasons = ['retention', 'disk'] as const

/** A replay that the site deleted: it was older than its channel keeps them, or the disk was nearly full. */
export const removalSchema = z
  .object({
    videoId: idSchema,
    title: z.string(),
    reason: z.enum(removalReasons),
    removedAt: timestampSchema,
    startedAt: timestampSchema,
    durationMs: z.number().int().nonnegative().nullable(),
  })
  .meta({ id: 'Removal' })
export type Removal = z.infer<typeof removalSchema>

/** A page of a list. `next` is an opaque cursor, null on the last page. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

export const playbackSchema = z
  .object({
    /** Address of the master playlist, with the token in its path; relative to the site. */
    master: z.string(),
    kind: z.enum(playbackKinds),
    expiresAt: timestampSchema,
  })
  .meta({ id: 'Playback' })
export type Playback = z.infer<typeof playbackSchema>
