import type { Audit } from '../audit.ts'
import { requireOwnChannel } from '../channels/index.ts'
import { type ApiApp, requireViewer } from '../http/context.ts'
import { ApiError } from '../http/errors.ts'
import { shareAmongGuests } from '../http/guests.ts'
import type { LibraryDeps } from './deps.ts'
import { requestEnd } from './life.ts'
import { type IngestAddresses, liveStatus } from './live-status.ts'
import * as routes from './routes.ts'
import * as videos from './videos.ts'

/** Answers the routes of videos and of going live. */
export function mountLibrary(
  app: ApiApp,
  deps: LibraryDeps & { ingest: IngestAddresses; audit: Audit },
): void {
  const { db } = deps

  app.openapi(routes.listVideos, async (c) => {
    shareAmongGuests(c)
    return c.json(await videos.listVideos(db, c.req.valid('query')), 200)
  })

  app.openapi(routes.getVideo, async (c) => {
    shareAmongGuests(c)
    return c.json(await videos.getVideo(db, c.req.valid('param').id), 200)
  })

  app.openapi(routes.changeVideo, async (c) => {
    const { personId } = requireViewer(c)
    const { id } = c.req.valid('param')
    return c.json(await videos.changeVideo(db, personId, id, c.req.valid('json')), 200)
  })

  app.openapi(routes.getLiveStatus, async (c) => {
    const { personId } = requireViewer(c)
    const channel = await requireOwnChannel(db, personId, c.req.valid('param').channel)
    c.header('cache-control', 'no-store')
    return c.json(await liveStatus(deps, channel, deps.ingest), 200)
  })

  app.openapi(routes.endLive, async (c) => {
    const { personId } = requireViewer(c)
    const channel = await requireOwnChannel(db, personId, c.req.valid('param').channel)
    if (!(await requestEnd(deps, channel.id))) {
      throw new ApiError('not-live', 409, 'This channel is not live')
    }
    deps.audit.note('stream.end-requested', {
      personId,
      channelId: channel.id,
      requestId: c.get('requestId'),
    })
    return c.body(null, 204)
  })
}
