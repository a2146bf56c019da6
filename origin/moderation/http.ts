import { type Database, schema } from '@streamtube/db/index.ts'
import { asc } from 'drizzle-orm'
import type { Audit } from '../audit.ts'
import { type ChannelRow, findChannel } from '../channels/index.ts'
import { type ApiApp, type ApiContext, requireViewer } from '../http/context.ts'
import { forbidden, notFound } from '../http/errors.ts'
import type { LibraryDeps } from '../library/index.ts'
import { banChannel, liftBan } from './ban.ts'
import * as routes from './routes.ts'

/** Answers the routes of the site's operator. */
export function mountModeration(app: ApiApp, deps: LibraryDeps & { audit: Audit }): void {
  const { db, audit } = deps

  app.openapi(routes.banChannel, async (c) => {
    const channel = await operatorsChannel(c, db, c.req.valid('param').channel)
    const { reason } = c.req.valid('json')
    if (await banChannel(deps, channel.id))
      audit.note('channel.banned', { ...whoAndWhat(c, channel), reason })
    return c.body(null, 204)
  })

  app.openapi(routes.liftBan, async (c) => {
    const channel = await operatorsChannel(c, db, c.req.valid('param').channel)
    if (await liftBan(db, channel.id)) audit.note('channel.ban-lifted', whoAndWhat(c, channel))
    return c.body(null, 204)
  })
}

/** The channel, for the operator alone. @throws ApiError 401, 403, 404 */
async function operatorsChannel(c: ApiContext, db: Database, handleOrId: string): Promise<ChannelRow> {
  const { personId } = requireViewer(c)
  if (personId !== (await operatorId(db))) throw forbidden('Only the operator of the site may do this.')
  const channel = await findChannel(db, handleOrId)
  if (!channel) throw notFound('channel')
  return channel
}

/** Whose account was the first: it was made with the link that the site's start printed. */
async function operatorId(db: Database): Promise<string | undefined> {
  const { people } = schema
  const [first] = await db
    .select({ id: people.id })
    .from(people)
    .orderBy(asc(people.createdAt), asc(people.id))
    .limit(1)
  return first?.id
}

function whoAndWhat(c: ApiContext, channel: ChannelRow) {
  return { personId: requireViewer(c).personId, channelId: channel.id, requestId: c.get('requestId') }
}
