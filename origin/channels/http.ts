import { randomBytes } from 'node:crypto'
import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { count, eq } from 'drizzle-orm'
import type { Audit } from '../audit.ts'
import { type ApiApp, requireViewer } from '../http/context.ts'
import { ApiError, notFound } from '../http/errors.ts'
import { shareAmongGuests } from '../http/guests.ts'
import {
  changeChannel as change,
  createChannel as create,
  findChannel,
  requireOwnChannel,
  toChannel,
  toOwnChannel,
} from './channels.ts'
import { makeStreamKey as makeKey, setStreamKey } from './keys.ts'
import * as routes from './routes.ts'

/** What a broadcast is called and said to be, as far as it is given. */
interface LiveWords {
  title: string | undefined
  description: string | undefined
}

/** How many channels one person may have. */
const MAX_CHANNELS = 50

export interface ChannelDeps {
  db: Database
  audit: Audit
  now: () => number
  /** Told in the same transaction, so that the broadcast under way carries the new title and description too. */
  liveWordsChanged: (db: Database, channelId: string, words: LiveWords) => Promise<void>
}

/** Answers the routes of channels. */
export function mountChannels(app: ApiApp, deps: ChannelDeps): void {
  const { db, audit } = deps

  app.openapi(routes.getChannel, async (c) => {
    const channel = await findChannel(db, c.req.valid('param').channel)
    if (!channel) throw notFound('channel')
    shareAmongGuests(c)
    return c.json(toChannel(channel), 200)
  })

  app.openapi(routes.createChannel, async (c) => {
    const { personId } = requireViewer(c)
    const { handle, name } = c.req.valid('json')
    await checkChannelCount(db, personId)
    const at = new Date(deps.now())
    const row = await create(db, { id: newId(), ownerId: personId, handle, name, at })
    audit.note('channel.created', { personId, channelId: row.id, requestId: c.get('requestId') })
    return c.json(toOwnChannel(row, null), 201)
  })

  app.openapi(routes.changeChannel, async (c) => {
    const { personId } = requireViewer(c)
    const channel = await requireOwnChannel(db, personId, c.req.valid('param').channel)
    const changes = c.req.valid('json')
    const changed = await db.transaction(async (tx) => {
      const { liveTitle: title, liveDescription: description } = changes
      await deps.liveWordsChanged(tx, channel.id, { title, description })
      return await change(tx, channel.id, changes)
    })
    return c.json(changed, 200)
  })

  app.openapi(routes.makeStreamKey, async (c) => {
    const { personId } = requireViewer(c)
    const channel = await requireOwnChannel(db, personId, c.req.valid('param').channel)
    const key = makeKey(randomBytes(20))
    await setStreamKey(db, { id: newId(), channelId: channel.id, key, at: new Date(deps.now()) })
    audit.note('stream-key.made', { personId, channelId: channel.id, requestId: c.get('requestId') })
    c.header('cache-control', 'no-store')
    return c.json({ key }, 201)
  })
}

async function checkChannelCount(db: Database, personId: string): Promise<void> {
  const [row] = await db
    .select({ channels: count() })
    .from(schema.channels)
    .where(eq(schema.channels.ownerId, personId))
  if ((row?.channels ?? 0) < MAX_CHANNELS) return
  throw new ApiError('conflict', 409, `You have ${MAX_CHANNELS} channels, which is the limit`)
}
