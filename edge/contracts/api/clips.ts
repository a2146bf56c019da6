import { z } from 'zod'
import { idSchema } from '../ids.ts'
import { channelRefSchema, titleSchema } from './requests.ts'
import { channelSchema, personSchema, timestampSchema, videoSchema } from './resources.ts'

/** How long a clip may be: anybody's, and that of a channel's owner. */
export const CLIP_MIN_MS = 5_000
export const CLIP_MAX_MS = 90_000
export const OWN_CLIP_MAX_MS = 600_000

/** Times in a video: from its start, interruptions left out. */
const positionSchema = z
  .number()
  .int()
  .nonnegative()
  .max(7 * 24 * 3600_000)

/** Which range: `lastMs` up to `at` (program date time of the picture that is seen; now unless told), or positions. */
export const newClipSchema = z
  .object({
    videoId: idSchema,
    title: titleSchema.optional(),
    lastMs: z.number().int().positive().optional(),
    at: timestampSchema.optional(),
    startMs: positionSchema.optional(),
    endMs: positionSchema.optional(),
    /** True: seen by its maker only, for an hour, to be trimmed and published. */
    draft: z.boolean().default(false),
  })
  .refine(
    ({ lastMs, startMs, endMs }) => (lastMs === undefined) === (startMs !== undefined && endMs !== undefined),
    {
      path: ['lastMs'],
      message: 'give either lastMs, or startMs and endMs',
    },
  )
  .meta({ id: 'NewClip' })
export type NewClip = z.infer<typeof newClipSchema>

export const clipChangesSchema = z
  .object({
    title: titleSchema,
    /** Positions in the video. */
    startMs: positionSchema,
    endMs: positionSchema,
    publish: z.literal(true),
  })
  .partial()
  .meta({ id: 'ClipChanges' })
export type ClipChanges = z.infer<typeof clipChangesSchema>

/** Which clips a list shows, newest first. */
export const clipListSchema = z.object({
  channel: channelRefSchema.optional(),
  video: idSchema.optional(),
  /** `next` of the page before. */
  cursor: idSchema.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(24),
})
export type ClipList = z.infer<typeof clipListSchema>

export const clipSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    isDraft: z.boolean(),
    channel: channelSchema.pick({ id: true, handle: true, name: true }),
    creator: personSchema.pick({ id: true, handle: true }),
    /** The whole of it; null when that is gone. */
    video: z.union([videoSchema.pick({ id: true, title: true, state: true }), z.null()]),
    /** Where it begins in the video. */
    positionMs: z.number().int().nonnegative(),
    durationMs: z.number().int().nonnegative(),
    thumbnailUrl: z.string().nullable(),
    createdAt: timestampSchema,
  })
  .meta({ id: 'Clip' })
export type Clip = z.infer<typeof clipSchema>

/** A view of kind `clip` is of whole segments: what is to be shown begins so far into it. */
const viewSchema = z.object({ startOffsetMs: z.number().nonnegative(), durationMs: z.number().nonnegative() })

export const exportStates = ['none', 'waiting', 'running', 'failed', 'ready'] as const

/** A clip as those see it who may change it: its maker and the channel's owner. */
const clipDeskSchema = z
  .object({
    /** What may be seen while trimming: plays as kind `clip` under its own id. */
    take: viewSchema.extend({ id: idSchema, positionMs: z.number().int().nonnegative() }),
    maxDurationMs: z.number().int().positive(),
    /** The file of exactly this range: made when asked for, kept for a week. */
    export: z.object({
      state: z.enum(exportStates),
      /** 0 to 1 while it runs. */
      progress: z.number().min(0).max(1),
      url: z.string().nullable(),
      sizeBytes: z.number().int().nonnegative().nullable(),
      /** Pictures in it. */
      frames: z.number().int().positive().nullable(),
      expiresAt: timestampSchema.nullable(),
    }),
  })
  .meta({ id: 'ClipDesk' })
export type ClipDesk = z.infer<typeof clipDeskSchema>

/** A clip as its page shows it. */
export const shownClipSchema = clipSchema
  .extend({ view: viewSchema, desk: z.union([clipDeskSchema, z.null()]) })
  .meta({ id: 'ShownClip' })
export type ShownClip = z.infer<typeof shownClipSchema>
