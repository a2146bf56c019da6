import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { type LibraryDeps, LibraryError } from '../library/index.ts'

const { clips } = schema

/** Pages that were made with an older picture still ask for it. */
const KEEP_OLDER_MS = 10 * 60_000

/** Gives a clip its picture, in place of older ones. @throws LibraryError `invalid`, `unknown` object */
export async function setClipPicture(
  { db, blobs, now }: Pick<LibraryDeps, 'db' | 'blobs' | 'now'>,
  about: { clipId: string; blobKey: string },
): Promise<void> {
  const prefix = prefixOf(about.clipId)
  if (
    !about.blobKey.startsWith(prefix) ||
    !/^[a-z0-9]{1,40}\.jpg$/.test(about.blobKey.slice(prefix.length))
  ) {
    throw new LibraryError('invalid', `blob_key must be ${prefix}<version>.jpg`)
  }
  if (!(await blobs.head(about.blobKey))) throw new LibraryError('unknown', 'There is no such object')
  const rows = await db
    .update(clips)
    .set({ thumbnailKey: about.blobKey })
    .where(eq(clips.id, about.clipId))
    .returning({ id: clips.id })
  const isGone = rows.length === 0
  await deletePictures(blobs, about.clipId, {
    but: isGone ? null : about.blobKey,
    beforeMs: isGone ? Number.POSITIVE_INFINITY : now() - KEEP_OLDER_MS,
  })
}

/** Deletes a clip's pictures that were stored before a moment. @param about `but`: the one that stays */
export async function deletePictures(
  blobs: LibraryDeps['blobs'],
  clipId: string,
  { but, beforeMs }: { but: string | null; beforeMs: number },
): Promise<void> {
  const { items } = await blobs.list({ prefix: prefixOf(clipId) })
  const old = items.filter(({ key, modifiedAtMs }) => key !== but && modifiedAtMs < beforeMs)
  if (old.length > 0) await blobs.delete(old.map(({ key }) => key))
}

function prefixOf(clipId: string): string {
  return `thumbnails/${clipId}/`
}
