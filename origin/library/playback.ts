import { PLAYBACK_TOKEN_MAX_SECONDS, type PlaybackKind } from '@streamtube/contracts/claims.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { findClipRange } from './clip-view.ts'
import { findDvr } from './dvr.ts'
import { LibraryError } from './errors.ts'
import { refuseSuspended } from './suspended.ts'

const { broadcasts, renditions, videos } = schema

type VideoRow = typeof videos.$inferSelect

/** For how long a broadcast's ingest node is still asked after its end: players see the end of the playlist there. */
const TAIL_MS = 60_000

export interface Location {
  /** Base URL of the ingest node; null when the timeline isn't live. */
  liveUrl: string | null
  /** How long this may be believed, in milliseconds. */
  maxAgeMs: number
}

/** Where a timeline's bytes are served now. @throws LibraryError `unknown` */
export async function locate(db: Database, timelineId: string, nowMs: number): Promise<Location> {
  const [broadcast] = await db.select().from(broadcasts).where(eq(broadcasts.id, timelineId))
  if (broadcast) {
    const hot = broadcast.state !== 'ended' || (broadcast.endedAt?.getTime() ?? 0) > nowMs - TAIL_MS
    return hot ? { liveUrl: broadcast.nodeUrl, maxAgeMs: 1_000 } : { liveUrl: null, maxAgeMs: 60_000 }
  }
  // Clips outlive their video and its broadcast.
  const [kept] = await db
    .select({ id: renditions.timelineId })
    .from(renditions)
    .where(eq(renditions.timelineId, timelineId))
    .limit(1)
  if (!kept) throw new LibraryError('unknown', 'There is no such timeline')
  return { liveUrl: null, maxAgeMs: 60_000 }
}

export interface PlaybackGrant {
  timelineId: string
  ttlSeconds: number
}

/**
 * Decides whether an asset may be played.
 * @throws LibraryError `unknown`, `not-live`, `not-playable`, with a reason a viewer understands
 */
export async function authorisePlayback(
  db: Database,
  about: { kind: PlaybackKind; assetId: string },
): Promise<PlaybackGrant> {
  const timelineId = await timelineFor[about.kind](db, about.assetId)
  await refuseSuspended(db, timelineId)
  return { timelineId, ttlSeconds: PLAYBACK_TOKEN_MAX_SECONDS }
}

/** For each kind: the timeline of an asset that may be played so, or why it may not. */
const timelineFor: Record<PlaybackKind, (db: Database, assetId: string) => Promise<string>> = {
  /** A channel's next broadcast may be asked for before it begins: its address plays as soon as there is a picture. */
  async live(db, assetId) {
    const [video] = await db.select().from(videos).where(eq(videos.id, assetId))
    if (video) {
      if (video.state === 'live') return video.timelineId
      throw refusalOf(video, 'not-live')
    }
    const [broadcast] = await db.select().from(broadcasts).where(eq(broadcasts.id, assetId))
    if (broadcast && broadcast.state !== 'ended') return broadcast.id
    throw unknownVideo()
  },

  async dvr(db, assetId) {
    const view = await findDvr(db, assetId)
    if (!view) throw unknownVideo()
    if (view.video.state !== 'live') throw refusalOf(view.video, 'not-live')
    if (view.windowMs > 0) return view.video.timelineId
    throw new LibraryError('not-playable', 'This stream can only be watched live.')
  },

  async vod(db, assetId) {
    const [video] = await db.select().from(videos).where(eq(videos.id, assetId))
    if (!video) throw unknownVideo()
    if (video.state === 'ready') return video.timelineId
    throw refusalOf(video, 'not-playable')
  },

  async clip(db, assetId) {
    const range = await findClipRange(db, assetId)
    if (!range) throw new LibraryError('unknown', 'There is no such clip')
    return range.timelineId
  },
}

function unknownVideo(): LibraryError {
  return new LibraryError('unknown', 'There is no such video')
}

/** Why a video can't be played so. @param over the code for a broadcast that has ended */
function refusalOf({ state }: VideoRow, over: 'not-live' | 'not-playable'): LibraryError {
  switch (state) {
    case 'live':
      return new LibraryError('not-playable', 'This stream is live; its recording comes after its end.')
    case 'ready':
      return new LibraryError(over, 'This stream is over.')
    case 'processing':
      return new LibraryError('not-playable', 'This video is still being prepared.')
    case 'failed':
      return new LibraryError('not-playable', 'This video could not be prepared.')
    case 'ended':
      return new LibraryError(over, 'This stream is over, and no recording was kept.')
    default:
      return state satisfies never
  }
}
