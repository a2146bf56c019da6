import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, isNotNull, isNull, ne } from 'drizzle-orm'
import { endBanned, type LibraryDeps } from '../library/index.ts'
import { revokeAssets } from '../revocations/index.ts'

const { broadcasts, channels, clips, videos } = schema

/**
 * Bans a channel: what it has on air ends, no publisher is let in, and whoever watches anything of it is cut off.
 * @returns false when it was banned already
 */
export async function banChannel(deps: LibraryDeps, channelId: string): Promise<boolean> {
  const nowMs = deps.now()
  const isNew = await deps.db.transaction(async (tx) => {
    const rows = await tx
      .update(channels)
      .set({ bannedAt: new Date(nowMs) })
      .where(and(eq(channels.id, channelId), isNull(channels.bannedAt)))
      .returning({ id: channels.id })
    if (rows.length === 0) return false
    await revokeAssets(tx, await assetsOf(tx, channelId), nowMs)
    return true
  })
  // Also when it was banned before: whoever asks again may have found the end cut short.
  await endBanned(deps, channelId)
  return isNew
}

/** Lets a channel publish and be played again. @returns false when it wasn't banned */
export async function liftBan(db: Database, channelId: string): Promise<boolean> {
  const rows = await db
    .update(channels)
    .set({ bannedAt: null })
    .where(and(eq(channels.id, channelId), isNotNull(channels.bannedAt)))
    .returning({ id: channels.id })
  return rows.length > 0
}

/** Whatever of a channel playback tokens may name: its videos, the broadcast that is on or next, clips and their takes. */
async function assetsOf(db: Database, channelId: string): Promise<string[]> {
  const own = await db.select({ id: videos.id }).from(videos).where(eq(videos.channelId, channelId))
  const open = await db
    .select({ id: broadcasts.id })
    .from(broadcasts)
    .where(and(eq(broadcasts.channelId, channelId), ne(broadcasts.state, 'ended')))
  const cut = await db
    .select({ id: clips.id, takeId: clips.takeId })
    .from(clips)
    .where(eq(clips.channelId, channelId))
  return [...new Set([...own, ...open, ...cut].map(({ id }) => id)), ...cut.map(({ takeId }) => takeId)]
}
