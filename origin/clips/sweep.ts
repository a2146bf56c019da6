import { schema } from '@streamtube/db/index.ts'
import { and, eq, isNotNull, isNull, lt } from 'drizzle-orm'
import type { LibraryDeps } from '../library/index.ts'
import { EXPORTS, KEEP_EXPORT_MS } from './export.ts'

const { clips } = schema

/** Drafts that nobody published go after this. */
const KEEP_DRAFT_MS = 3600_000
/** A file is put before it is recorded. */
const UNRECORDED_MS = 3600_000

/** Deletes drafts that nobody published, files that have expired, and those of clips that were trimmed or deleted. */
export async function sweepClips({
  db,
  blobs,
  now,
}: Pick<LibraryDeps, 'db' | 'blobs' | 'now'>): Promise<void> {
  const nowMs = now()
  await db
    .delete(clips)
    .where(and(isNull(clips.publishedAt), lt(clips.createdAt, new Date(nowMs - KEEP_DRAFT_MS))))
  await db
    .update(clips)
    .set({ exportKey: null, exportBytes: null, exportFrames: null, exportedAt: null })
    .where(and(isNotNull(clips.exportKey), lt(clips.exportedAt, new Date(nowMs - KEEP_EXPORT_MS))))
  let cursor: string | null = null
  do {
    const page = await blobs.list({ prefix: EXPORTS, cursor })
    const old = page.items.filter(({ modifiedAtMs }) => modifiedAtMs < nowMs - UNRECORDED_MS)
    const stale: string[] = []
    for (const { key } of old) {
      const [user] = await db.select({ id: clips.id }).from(clips).where(eq(clips.exportKey, key))
      if (!user) stale.push(key)
    }
    if (stale.length > 0) await blobs.delete(stale)
    cursor = page.next
  } while (cursor !== null)
}
