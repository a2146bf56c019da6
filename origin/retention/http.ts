import type { Database } from '@streamtube/db/index.ts'
import type { Audit } from '../audit.ts'
import { requireOwnChannel } from '../channels/index.ts'
import { type ApiApp, requireViewer } from '../http/context.ts'
import { notFound } from '../http/errors.ts'
import { listRemovals, markRemovalsSeen } from './notices.ts'
import { removeVideo, requireOwnVideo } from './remove.ts'
import * as routes from './routes.ts'

/** Answers the routes of deleting, and of what was deleted. */
export function mountRetention(app: ApiApp, deps: { db: Database; audit: Audit; now: () => number }): void {
  const { db, audit, now } = deps

  app.openapi(routes.deleteVideo, async (c) => {
    const { personId } = requireViewer(c)
    const { id } = c.req.valid('param')
    await requireOwnVideo(db, personId, id)
    const removal = await removeVideo(deps, { videoId: id, reason: 'owner' })
    if (!removal) throw notFound('video')
    const { channelId, title } = removal
    audit.note('video.deleted', {
      personId,
      videoId: id,
      channelId,
      title,
      requestId: c.get('requestId'),
    })
    return c.body(null, 204)
  })

  app.openapi(routes.listRemovals, async (c) => {
    const { personId } = requireViewer(c)
    const channel = await requireOwnChannel(db, personId, c.req.valid('param').channel)
    c.header('cache-control', 'no-store')
    return c.json({ items: await listRemovals(db, channel.id) }, 200)
  })

  app.openapi(routes.markRemovalsSeen, async (c) => {
    const { personId } = requireViewer(c)
    const channel = await requireOwnChannel(db, personId, c.req.valid('param').channel)
    const until = new Date(c.req.valid('json').until)
    await markRemovalsSeen(db, channel.id, { until, nowMs: now() })
    return c.body(null, 204)
  })
}
