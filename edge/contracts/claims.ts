import { z } from 'zod'
import { idSchema } from './ids.ts'

/**
 * How an asset is looked at. `live` is the tail of a broadcast, `dvr` the same from further back while it goes on, `vod` a
 * finished or uploaded video from its start, `clip` a range of a timeline.
 */
export const playbackKinds = ['live', 'dvr', 'vod', 'clip'] as const
export type PlaybackKind = (typeof playbackKinds)[number]

/** True for the name of a kind of playback. */
export function isPlaybackKind(value: unknown): value is PlaybackKind {
  return playbackKinds.some((kind) => kind === value)
}

/**
 * What a playback token says (JWT, EdDSA, signed and checked at the edge only). It stands in the path, so that
 * relative URIs inherit it: `/p/<token>/...`.
 */
export const playbackClaimsSchema = z.object({
  aud: z.literal('playback'),
  /** Session: names one viewing, so that it can be ended. */
  sid: idSchema,
  /** Person, or absent for a guest. */
  sub: idSchema.optional(),
  /** The sign-in session it was granted to, so that it ends with it; absent for a guest. */
  ses: idSchema.optional(),
  knd: z.enum(playbackKinds),
  /** Asset: a video's id, or a clip's. */
  ast: idSchema,
  /** Timeline whose media may be fetched. */
  tml: idSchema,
  /** Tallest rung allowed, in lines; absent without a cap. */
  cap: z.number().int().positive().optional(),
  /** When the api role decided, by its clock. */
  iat: z.number().int(),
  exp: z.number().int(),
})
export type PlaybackClaims = z.infer<typeof playbackClaimsSchema>

/** A playback token lasts 12 h at most: a path cannot be refreshed in mid-play (MEDIA.md 24). */
export const PLAYBACK_TOKEN_MAX_SECONDS = 12 * 3600

/** Proof that a request to an origin's HTTP port comes from an edge (JWT, EdDSA, `authorization: Bearer`). */
export const edgeClaimsSchema = z.object({
  aud: z.literal('origin'),
  iss: z.literal('edge'),
  iat: z.number().int(),
  exp: z.number().int(),
})
export type EdgeClaims = z.infer<typeof edgeClaimsSchema>

/** An edge token lasts 5 minutes and is made anew every minute. */
export const EDGE_TOKEN_SECONDS = 300
