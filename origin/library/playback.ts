import { PLAYBACK_TOKEN_MAX_SECONDS, type PlaybackKind } from '@streamtube/contracts/claims.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { LibraryError } from './errors.ts'

const { broadcasts, videos } = schema

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
  const [video] = await db.select({ id: videos.id }).from(videos).where(eq(videos.timelineId, timelineId))
  if (!video) throw new LibraryError('unknown', 'There is no such timeline')
  return { liveUrl: null, maxAgeMs: 60_000 }
}

export interface PlaybackGrant {
  timelineId: string
  ttlSeconds: number
}

/**
 * Decides whether an asset may be played. A channel's next broadcast may be asked for before it begins: its address can
 * be given out, and plays as soon as there is a picture.
 * @throws LibraryError `unknown`, `not-live`, `not-playable`, with a reason a viewer understands
 */
export async function authorisePlayback(
  db: Database,
  about: { kind: PlaybackKind; assetId: string },
): Promise<PlaybackGrant> {
  const [video] = await db.select().from(videos).where(eq(videos.id, about.assetId))
  const grant = (timelineId: string) => ({ timelineId, ttlSeconds: PLAYBACK_TOKEN_MAX_SECONDS })
  if (!video) {
    const [broadcast] = await db.select().from(broadcasts).where(eq(broadcasts.id, about.assetId))
    if (about.kind === 'live' && broadcast && broadcast.state !== 'ended') return grant(broadcast.id)
    throw new LibraryError('unknown', 'There is no such video')
  }
  switch (video.state) {
    case 'live':
      if (about.kind === 'live') return grant(video.timelineId)
      throw new LibraryError('not-playable', 'This stream is live; its recording comes after its end.')
    case 'ready':
      if (about.kind === 'vod') return grant(video.timelineId)
      throw new LibraryError('not-live', 'This stream is over.')
    case 'processing':
      throw new LibraryError('not-playable', 'This video is still being prepared.')
    case 'ended':
      throw new LibraryError(
        about.kind === 'live' ? 'not-live' : 'not-playable',
        'This stream is over, and no recording was kept.',
      )
    case 'failed':
      throw new LibraryError('not-playable', 'This video could not be prepared.')
  }
}
