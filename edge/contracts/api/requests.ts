import { z } from 'zod'
import { idSchema } from '../ids.ts'
import {
  DVR_MAX_MINUTES,
  handleSchema,
  ladderModes,
  latencyModes,
  RECONNECT_WINDOW_MAX_SECONDS,
  RETENTION_MAX_DAYS,
  timestampSchema,
} from './resources.ts'

/** Longer passwords would only cost hashing time; NIST SP 800-63B asks for at least 64. */
export const passwordSchema = z
  .string()
  .min(8, 'use at least 8 characters')
  .max(200, 'use 200 characters at most')

/** Addresses are compared in lower case; the longest one SMTP can carry has 254 characters (RFC 5321, erratum 1690). */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'use 254 characters at most')
  .pipe(z.email('must be an e-mail address'))

export const titleSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(120, 'use 120 characters at most')
const nameSchema = z.string().trim().min(1, 'must not be empty').max(60, 'use 60 characters at most')
const descriptionSchema = z.string().trim().max(5000, 'use 5000 characters at most')
const linkTokenSchema = z.string().min(1).max(200)

/** A whole number between two bounds, which the message names. */
function wholeNumber(from: number, to: number) {
  const words = `must be a whole number from ${from} to ${to}`
  return z.int(words).min(from, words).max(to, words)
}

/** A channel in an address: its handle or its id (a handle never looks like an id). */
export const channelRefSchema = z.union([handleSchema, idSchema])

export const signUpSchema = z
  .object({
    handle: handleSchema,
    email: emailSchema,
    password: passwordSchema,
    /** From the link in the start-up banner; needed for the first account only. */
    setupToken: linkTokenSchema.optional(),
  })
  .meta({ id: 'SignUp' })
export type SignUp = z.infer<typeof signUpSchema>

export const signInSchema = z
  .object({
    /** Handle or e-mail address. */
    login: z.string().trim().toLowerCase().min(1, 'must not be empty').max(254),
    password: z.string().min(1, 'must not be empty').max(200),
  })
  .meta({ id: 'SignIn' })
export type SignIn = z.infer<typeof signInSchema>

export const linkSignInSchema = z.object({ token: linkTokenSchema }).meta({ id: 'LinkSignIn' })

export const newChannelSchema = z
  .object({ handle: handleSchema, name: nameSchema })
  .meta({ id: 'NewChannel' })

export const channelChangesSchema = z
  .object({
    name: nameSchema,
    description: descriptionSchema,
    liveTitle: titleSchema,
    liveDescription: descriptionSchema,
    ladder: z.enum(ladderModes),
    latency: z.enum(latencyModes),
    reconnectWindowSeconds: wholeNumber(0, RECONNECT_WINDOW_MAX_SECONDS),
    dvrMinutes: wholeNumber(0, DVR_MAX_MINUTES),
    retentionDays: wholeNumber(1, RETENTION_MAX_DAYS).nullable(),
  })
  .partial()
  .meta({ id: 'ChannelChanges' })
export type ChannelChanges = z.infer<typeof channelChangesSchema>

/** Why a channel is banned, for the audit log. */
export const banSchema = z
  .object({ reason: z.string().trim().min(1, 'must not be empty').max(500, 'use 500 characters at most') })
  .meta({ id: 'Ban' })

export const videoChangesSchema = z
  .object({ title: titleSchema, description: descriptionSchema })
  .partial()
  .meta({ id: 'VideoChanges' })
export type VideoChanges = z.infer<typeof videoChangesSchema>

export const removalsSeenSchema = z
  .object({
    /** `removedAt` of the newest one that was shown. */
    until: timestampSchema,
  })
  .meta({ id: 'RemovalsSeen' })

/** Which videos a list shows, newest first. */
export const videoListSchema = z.object({
  state: z.enum(['live', 'ready']).optional(),
  /** Handle of a channel. */
  channel: handleSchema.optional(),
  /** `next` of the page before. */
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(24),
})
export type VideoList = z.infer<typeof videoListSchema>
