import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import { isId } from '@streamtube/contracts/ids.ts'
import { initName, parseMediaPath } from '@streamtube/contracts/media-paths.ts'
import type { Database } from '@streamtube/db/index.ts'
import type { MiddlewareHandler } from 'hono'
import type { ApiApp, ApiContext, ApiEnv } from '../http/context.ts'
import { ApiError, notFound } from '../http/errors.ts'
import { parseHlsDirectives } from '../media/hls-directives.ts'
import { masterPlaylist } from '../media/playlists.ts'
import { measureBandwidth } from '../media/timeline.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { blobPrefix } from './append.ts'
import { GrowingTimelines } from './growing.ts'
import { serveObject } from './objects.ts'
import { sheetKey } from './storyboard.ts'
import { type ViewSources, viewOf } from './views.ts'

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'

interface MediaDeps {
  db: Database
  blobs: Blobs
  now: () => number
}

/** Serves what the library holds: playlists of what is recorded, its objects, pictures. */
export function mountMedia(app: ApiApp, deps: MediaDeps): void {
  const growing = new GrowingTimelines(deps.db, deps.now)
  app.on(['GET', 'HEAD'], '/media/*', edgeOnly(), async (c) => {
    // As it was sent: an encoded spelling is another address, and no object has two.
    const path = parseMediaPath(new URL(c.req.url).pathname.slice('/media/'.length))
    switch (path?.type) {
      case 'master':
      case 'playlist':
        return await servePlaylist(
          c,
          { ...deps, growing },
          {
            ...path,
            renditionId: path.type === 'master' ? null : path.renditionId,
          },
        )
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
      case 'sheet':
        return await serveObject(c, deps.blobs, sheetKey(path.timelineId, path.minute))
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
  { now, ...sources }: ViewSources & Pick<MediaDeps, 'now'>,
  { kind, assetId, renditionId }: { kind: PlaybackKind; assetId: string; renditionId: string | null },
): Promise<Response> {
  const view = await viewOf[kind](sources, assetId, now())
  const rendition = view?.renditions.find(({ info }) => info.id === renditionId)
  if (!view || (renditionId !== null && !rendition)) throw notFound('playlist')
  const skip = parseHlsDirectives(new URL(c.req.url).searchParams)?.skip ?? false
  const text = rendition
    ? view.print(rendition, { skip })
    : masterPlaylist(
        view.renditions.map(({ info, segments }) => ({
          info,
          ...measureBandwidth(info.timescale, segments),
        })),
      )
  return c.body(text, 200, { 'content-type': PLAYLIST_TYPE, 'cache-control': view.cacheControl })
}
