import type { VideoChanges, VideoList } from '@streamtube/contracts/api/requests.ts'
import type { Video } from '@streamtube/contracts/api/resources.ts'
import { isId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, desc, eq, inArray, isNull, ne, sql } from 'drizzle-orm'
import { findChannel } from '../channels/index.ts'
import { forbidden, invalidFields, notFound } from '../http/errors.ts'
import { dvrWindowMs } from './dvr.ts'
import { type Interruptible, interruptedUntil } from './interruption.ts'
import { storyboardOf } from './storyboard.ts'

const { broadcasts, channels, videos } = schema

type VideoRow = typeof videos.$inferSelect

const shown = {
  video: videos,
  channel: { id: channels.id, handle: channels.handle, name: channels.name },
  dvrMinutes: channels.dvrMinutes,
  /** Of one that isn't over. By its first column drizzle tells that there is none: one that is never null. */
  broadcast: {
    id: broadcasts.id,
    interruptedAt: broadcasts.interruptedAt,
    reconnectWindowSeconds: broadcasts.reconnectWindowSeconds,
  },
}
/** The broadcast that a live video is of. */
const isOwnBroadcast = and(eq(broadcasts.id, videos.timelineId), ne(broadcasts.state, 'ended'))

interface ShownRow {
  video: VideoRow
  channel: Video['channel']
  dvrMinutes: number
  broadcast: Interruptible | null
}

/** A video as the API shows it. */
function toVideo({ video, channel, dvrMinutes, broadcast }: ShownRow): Video {
  return {
    id: video.id,
    title: video.title,
    description: video.description,
    state: video.state,
    origin: video.origin,
    channel,
    durationMs: video.durationMs,
    width: video.width,
    height: video.height,
    thumbnailUrl: video.thumbnailKey && `/${video.thumbnailKey}`,
    startedAt: video.startedAt.toISOString(),
    publishedAt: video.publishedAt?.toISOString() ?? null,
    interruptedUntil: (broadcast && interruptedUntil(broadcast)?.toISOString()) ?? null,
    dvrMs: video.state === 'live' && broadcast ? dvrWindowMs(dvrMinutes) : null,
    storyboard: storyboardOf(video),
  }
}

/** A video by id. @throws ApiError 404 */
export async function getVideo(db: Database, id: string): Promise<Video> {
  const [row] = await db
    .select(shown)
    .from(videos)
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .leftJoin(broadcasts, isOwnBroadcast)
    .where(eq(videos.id, id))
  if (!row) throw notFound('video')
  return toVideo(row)
}

/**
 * A page of what may be listed (live and ready, of channels that aren't banned), newest first. A page that follows begins after the last one of the
 * page before, whatever came in since.
 * @throws ApiError 404 for an unknown channel, 400 for a cursor that isn't ours
 */
export async function listVideos(
  db: Database,
  { state, channel, cursor, limit }: VideoList,
): Promise<{ items: Video[]; next: string | null }> {
  const of = channel === undefined ? null : await findChannel(db, channel)
  if (channel !== undefined && !of) throw notFound('channel')
  const after = cursor === undefined ? null : parseCursor(cursor)
  const rows = await db
    .select(shown)
    .from(videos)
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .leftJoin(broadcasts, isOwnBroadcast)
    .where(
      and(
        isNull(channels.bannedAt),
        state === undefined ? inArray(videos.state, ['live', 'ready']) : eq(videos.state, state),
        of ? eq(videos.channelId, of.id) : undefined,
        after
          ? sql`(${videos.startedAt}, ${videos.id}) < (${after.startedAt.toISOString()}::timestamptz, ${after.id})`
          : undefined,
      ),
    )
    .orderBy(desc(videos.startedAt), desc(videos.id))
    .limit(limit + 1)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map(toVideo),
    next: rows.length > limit && last ? makeCursor(last.video) : null,
  }
}

/** Changes what is given of a person's own video. @throws ApiError 404, 403 */
export async function changeVideo(
  db: Database,
  personId: string,
  id: string,
  changes: VideoChanges,
): Promise<Video> {
  const [row] = await db
    .select({ ownerId: channels.ownerId })
    .from(videos)
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .where(eq(videos.id, id))
  if (!row) throw notFound('video')
  if (row.ownerId !== personId) throw forbidden('The video belongs to someone else.')
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length > 0) await db.update(videos).set(given).where(eq(videos.id, id))
  return await getVideo(db, id)
}

function makeCursor({ startedAt, id }: VideoRow): string {
  return Buffer.from(`${startedAt.getTime()}.${id}`).toString('base64url')
}

function parseCursor(cursor: string): { startedAt: Date; id: string } {
  const [ms = '', id = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split('.')
  if (!/^\d{1,15}$/.test(ms) || !isId(id)) {
    throw invalidFields([{ field: 'cursor', message: 'must be `next` of an earlier page' }])
  }
  return { startedAt: new Date(Number(ms)), id }
}
