import type { ChannelChanges } from '@streamtube/contracts/api/requests.ts'
import type { Channel, LatencyMode, OwnChannel } from '@streamtube/contracts/api/resources.ts'
import { isId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { forbidden, notFound } from '../http/errors.ts'
import { checkHandle, handleTaken } from './handles.ts'
import { maskKey } from './keys.ts'

const { channels, streamKeys } = schema

export type ChannelRow = typeof channels.$inferSelect
type KeyRow = typeof streamKeys.$inferSelect

/** PART-TARGET of each mode (MEDIA.md 5). */
const PART_TARGET_MS: Record<LatencyMode, number> = { normal: 510, low: 210 }

/** A channel as everyone sees it. */
export function toChannel(row: ChannelRow): Channel {
  const { id, handle, name, description } = row
  return { id, handle, name, description, createdAt: row.createdAt.toISOString() }
}

/** A channel as its owner sees it. */
export function toOwnChannel(row: ChannelRow, key: KeyRow | null): OwnChannel {
  return {
    ...toChannel(row),
    liveTitle: row.liveTitle,
    liveDescription: row.liveDescription,
    ladder: row.ladder,
    latency: row.partTargetMs === PART_TARGET_MS.low ? 'low' : 'normal',
    reconnectWindowSeconds: row.reconnectWindowSeconds,
    dvrMinutes: row.dvrMinutes,
    retentionDays: row.retentionDays,
    bannedAt: row.bannedAt?.toISOString() ?? null,
    streamKey: key && { masked: maskKey(key.lastFour), createdAt: key.createdAt.toISOString() },
  }
}

export interface NewChannel {
  id: string
  ownerId: string
  handle: string
  name: string
  description?: string
  /** What its broadcasts are called and said to be until somebody says otherwise. */
  liveTitle?: string
  liveDescription?: string
  latency?: LatencyMode
  at: Date
  /** How far viewers of a live stream may go back. */
  dvrMinutes?: number
  /** False: its broadcasts leave nothing behind. */
  archive?: boolean
}

/** Makes a channel. @throws ApiError for a handle that is reserved (400) or taken (409) */
export async function createChannel(db: Database, channel: NewChannel): Promise<ChannelRow> {
  checkHandle(channel.handle)
  const { at, latency = 'normal', ...values } = channel
  const [row] = await db
    .insert(channels)
    .values({
      liveTitle: `${channel.name} live`,
      ...values,
      partTargetMs: PART_TARGET_MS[latency],
      createdAt: at,
    })
    .onConflictDoNothing()
    .returning()
  if (!row) throw handleTaken()
  return row
}

/** A channel by handle or id, or null. */
export async function findChannel(db: Database, handleOrId: string): Promise<ChannelRow | null> {
  const column = isId(handleOrId) ? channels.id : channels.handle
  const [row] = await db.select().from(channels).where(eq(column, handleOrId))
  return row ?? null
}

/** The channel, if it belongs to the person. @throws ApiError 404, or 403 when it is someone else's */
export async function requireOwnChannel(
  db: Database,
  personId: string,
  handleOrId: string,
): Promise<ChannelRow> {
  const channel = await findChannel(db, handleOrId)
  if (!channel) throw notFound('channel')
  if (channel.ownerId !== personId) throw forbidden('The channel belongs to someone else.')
  return channel
}

/** A person's channels, oldest first. */
export async function channelsOf(db: Database, personId: string): Promise<OwnChannel[]> {
  const rows = await db
    .select({ channel: channels, key: streamKeys })
    .from(channels)
    .leftJoin(streamKeys, eq(streamKeys.channelId, channels.id))
    .where(eq(channels.ownerId, personId))
    .orderBy(channels.id)
  return rows.map(({ channel, key }) => toOwnChannel(channel, key))
}

/** Changes what is given, leaves the rest. */
export async function changeChannel(
  db: Database,
  channelId: string,
  { latency, ...changes }: ChannelChanges,
): Promise<OwnChannel> {
  const values = { ...changes, partTargetMs: latency && PART_TARGET_MS[latency] }
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length > 0) {
    await db.update(channels).set(given).where(eq(channels.id, channelId))
  }
  const [row] = await db
    .select({ channel: channels, key: streamKeys })
    .from(channels)
    .leftJoin(streamKeys, eq(streamKeys.channelId, channels.id))
    .where(eq(channels.id, channelId))
  if (!row) throw notFound('channel')
  return toOwnChannel(row.channel, row.key)
}
