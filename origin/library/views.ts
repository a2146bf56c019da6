import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { dvrPlaylist, vodPlaylist } from '../media/playlists.ts'
import type { RenditionTimeline } from '../media/timeline.ts'
import { findClipRange, readClip } from './clip-view.ts'
import { findDvr } from './dvr.ts'
import type { GrowingTimelines } from './growing.ts'
import { readTimeline } from './timeline.ts'

/** A node that could not reach the store or the api tries for ten minutes to keep the end of a broadcast. */
export const SETTLING_MS = 11 * 60_000

const COMPLETE = 'public, max-age=3600'
const STILL_SETTLING = 'public, max-age=1'
/** An edge asks once in about a segment's time, for however many viewers. */
const GROWING = 'public, max-age=1, s-maxage=2'

/** What a playlist of the library is made of. */
export interface LibraryView {
  renditions: readonly RenditionTimeline[]
  /** The media playlist of one of them. @param options `skip`: a delta update was asked for */
  print(rendition: RenditionTimeline, options: { skip: boolean }): string
  cacheControl: string
}

/** What views are made from. */
export interface ViewSources {
  db: Database
  growing: GrowingTimelines
}

/** For each kind of playback: what there is to see of an asset, or null. */
export const viewOf: Record<
  PlaybackKind,
  (sources: ViewSources, assetId: string, nowMs: number) => Promise<LibraryView | null>
> = {
  /** The live tail is the ingest node's. */
  live: async () => null,

  async dvr({ db, growing }, assetId, nowMs) {
    const dvr = await findDvr(db, assetId)
    if (!dvr || dvr.windowMs === 0) return null
    const { video, windowMs } = dvr
    if (video.state !== 'live' && video.state !== 'ready') return null
    const ended = video.state === 'ready'
    const renditions = await (ended ? readTimeline(db, video.timelineId) : growing.read(video.timelineId))
    return {
      renditions,
      print: (rendition, { skip }) =>
        dvrPlaylist(video.timelineId, rendition, renditions, { windowMs, skip, ended }),
      cacheControl: ended ? finished(video.publishedAt, nowMs) : GROWING,
    }
  },

  async vod({ db }, assetId, nowMs) {
    const [video] = await db.select().from(schema.videos).where(eq(schema.videos.id, assetId))
    if (video?.state !== 'ready') return null
    const renditions = await readTimeline(db, video.timelineId)
    return {
      renditions,
      print: (rendition) => vodPlaylist(video.timelineId, rendition, renditions),
      cacheControl: finished(video.publishedAt, nowMs),
    }
  },

  async clip({ db }, assetId, nowMs) {
    const range = await findClipRange(db, assetId)
    if (!range) return null
    const { renditions, isWhole } = await readClip(db, range, nowMs)
    return {
      renditions,
      print: (rendition) => vodPlaylist(range.timelineId, rendition, renditions, { isWhole }),
      // It may be trimmed, and what came late may still come.
      cacheControl: STILL_SETTLING,
    }
  },
}

/** What was over long ago changes no more. */
function finished(endedAt: Date | null, nowMs: number): string {
  return (endedAt?.getTime() ?? 0) < nowMs - SETTLING_MS ? COMPLETE : STILL_SETTLING
}
