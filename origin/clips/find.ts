import type { Clip, ClipList } from '@streamtube/contracts/api/clips.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, desc, eq, isNotNull, isNull, lt } from 'drizzle-orm'
import { findChannel } from '../channels/index.ts'
import { forbidden, notFound } from '../http/errors.ts'

const { channels, clips, people, videos } = schema

export type ClipRow = typeof clips.$inferSelect

/** A clip with what it is shown with. */
export interface FoundClip {
  clip: ClipRow
  channel: Clip['channel']
  ownerId: string
  creator: Clip['creator']
  video: Clip['video']
}

function selectClips(db: Database) {
  return db
    .select({
      clip: clips,
      channel: { id: channels.id, handle: channels.handle, name: channels.name },
      ownerId: channels.ownerId,
      creator: { id: people.id, handle: people.handle },
      video: { id: videos.id, title: videos.title, state: videos.state },
    })
    .from(clips)
    .innerJoin(channels, eq(channels.id, clips.channelId))
    .innerJoin(people, eq(people.id, clips.creatorId))
    .leftJoin(videos, eq(videos.id, clips.videoId))
}

/** A clip that this person may see: a draft is its maker's. @param personId null for a guest @throws ApiError 404 */
export async function findClip(db: Database, id: string, personId: string | null): Promise<FoundClip> {
  const [found] = await selectClips(db).where(eq(clips.id, id))
  if (!found || (found.clip.publishedAt === null && found.clip.creatorId !== personId)) throw notFound('clip')
  return found
}

/** A clip that this person may change: its maker, and the owner of its channel. @throws ApiError 404, 403 */
export async function requireOwnClip(db: Database, id: string, personId: string): Promise<FoundClip> {
  const found = await findClip(db, id, personId)
  if (!mayChange(found, personId)) throw forbidden('Its maker and the owner of its channel may do this.')
  return found
}

export function mayChange({ clip, ownerId }: FoundClip, personId: string | null): boolean {
  return clip.creatorId === personId || ownerId === personId
}

/** A page of published clips, but for those of banned channels, newest first. @throws ApiError 404 for an unknown channel */
export async function listClips(
  db: Database,
  { channel, video, cursor, limit }: ClipList,
): Promise<{ items: Clip[]; next: string | null }> {
  const of = channel === undefined ? null : await findChannel(db, channel)
  if (channel !== undefined && !of) throw notFound('channel')
  const rows = await selectClips(db)
    .where(
      and(
        isNotNull(clips.publishedAt),
        isNull(channels.bannedAt),
        of ? eq(clips.channelId, of.id) : undefined,
        video === undefined ? undefined : eq(clips.videoId, video),
        cursor === undefined ? undefined : lt(clips.id, cursor),
      ),
    )
    .orderBy(desc(clips.id))
    .limit(limit + 1)
  const page = rows.slice(0, limit)
  return { items: page.map(toClip), next: rows.length > limit ? (page.at(-1)?.clip.id ?? null) : null }
}

/** A clip as the API shows it in lists. */
export function toClip({ clip, channel, creator, video }: FoundClip): Clip {
  return {
    id: clip.id,
    title: clip.title,
    isDraft: clip.publishedAt === null,
    channel,
    creator,
    video,
    positionMs: clip.positionMs,
    durationMs: clip.durationMs,
    thumbnailUrl: clip.thumbnailKey && `/${clip.thumbnailKey}`,
    createdAt: clip.createdAt.toISOString(),
  }
}
