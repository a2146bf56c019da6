import { isId } from '@streamtube/contracts/ids.ts'
import { initName, parseMediaPath } from '@streamtube/contracts/media-paths.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import type { MiddlewareHandler } from 'hono'
import type { ApiApp, ApiContext, ApiEnv } from '../http/context.ts'
import { ApiError, notFound } from '../http/errors.ts'
import { masterPlaylist, vodPlaylist } from '../media/playlists.ts'
import { measureBandwidth } from '../media/timeline.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { blobPrefix } from './append.ts'
import { serveObject } from './objects.ts'
import { readTimeline } from './timeline.ts'

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
/** A node that could not reach the store or the api tries for ten minutes to keep the end of a broadcast. */
export const SETTLING_MS = 11 * 60_000

/** Serves what the library holds: playlists of finished timelines, their objects, pictures. */
export function mountMedia(app: ApiApp, deps: { db: Database; blobs: Blobs; now: () => number }): void {
  app.on(['GET', 'HEAD'], '/media/*', edgeOnly(), async (c) => {
    // As it was sent: an encoded spelling is another address, and no object has two.
    const path = parseMediaPath(new URL(c.req.url).pathname.slice('/media/'.length))
    switch (path?.type) {
      case 'master':
      case 'playlist':
        if (path.kind !== 'vod') throw notFound('playlist')
        return await servePlaylist(c, deps, path.assetId, path.type === 'master' ? null : path.renditionId)
      case 'init':
        return await serveObject(
          c,
          deps.blobs,
          blobPrefix(path.timelineId, path.renditionId, path.epoch) + initName(path.header),
        )
      case 'segment':
        return await serveObject(
          c,
          deps.blobs,
          `${blobPrefix(path.timelineId, path.renditionId, path.epoch)}s${path.sequence}.m4s`,
        )
      default:
        // Parts are kept by the ingest node only, as long as they are listed.
        throw notFound('object')
    }
  })

  app.on(['GET', 'HEAD'], '/thumbnails/:video/:file', async (c) => {
    const { video, file } = c.req.param()
    if (!isId(video) || !/^[a-z0-9]{1,40}\.jpg$/.test(file)) throw notFound('picture')
    return await serveObject(c, deps.blobs, `thumbnails/${video}/${file}`)
  })
}

/** Media answers to an edge alone, which has checked the viewer's token. */
function edgeOnly(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (c.get('fromEdge')) return await next()
    throw new ApiError('unauthenticated', 401, 'Media is served through the edge')
  }
}

async function servePlaylist(
  c: ApiContext,
  { db, now }: { db: Database; now: () => number },
  videoId: string,
  renditionId: string | null,
): Promise<Response> {
  const [video] = await db.select().from(schema.videos).where(eq(schema.videos.id, videoId))
  if (video?.state !== 'ready') throw notFound('playlist')
  const timeline = await readTimeline(db, video.timelineId)
  const rendition = timeline.find(({ info }) => info.id === renditionId)
  if (renditionId !== null && !rendition) throw notFound('playlist')
  const text = rendition
    ? vodPlaylist(video.timelineId, rendition, timeline)
    : masterPlaylist(
        timeline.map(({ info, segments }) => ({ info, ...measureBandwidth(info.timescale, segments) })),
      )
  const settled = (video.publishedAt?.getTime() ?? 0) < now() - SETTLING_MS
  return c.body(text, 200, {
    'content-type': PLAYLIST_TYPE,
    'cache-control': settled ? 'public, max-age=3600' : 'public, max-age=1',
  })
}
