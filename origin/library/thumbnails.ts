import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import type { LibraryDeps } from './deps.ts'
import { LibraryError } from './errors.ts'

/** Pages that were made with an older picture still ask for it. */
const KEEP_OLDER_MS = 10 * 60_000

/**
 * Gives a video its newest picture, and deletes those that no page shows any more.
 * @throws LibraryError `invalid` for a key that isn't a picture of this video, `unknown` video or object
 */
export async function setThumbnail(
  { db, blobs, log, now }: LibraryDeps,
  about: { videoId: string; blobKey: string },
): Promise<void> {
  const { videoId, blobKey } = about
  const prefix = `thumbnails/${videoId}/`
  if (!blobKey.startsWith(prefix) || !/^[a-z0-9]{1,40}\.jpg$/.test(blobKey.slice(prefix.length))) {
    throw new LibraryError('invalid', `blob_key must be ${prefix}<version>.jpg`)
  }
  if (!(await blobs.head(blobKey))) throw new LibraryError('unknown', 'There is no such object')
  const rows = await db
    .update(schema.videos)
    .set({ thumbnailKey: blobKey, thumbnailAt: new Date(now()) })
    .where(eq(schema.videos.id, videoId))
    .returning({ id: schema.videos.id })
  if (rows.length === 0) throw new LibraryError('unknown', 'There is no such video')
  try {
    const { items } = await blobs.list({ prefix })
    const old = items.filter(
      ({ key, modifiedAtMs }) => key !== blobKey && modifiedAtMs < now() - KEEP_OLDER_MS,
    )
    if (old.length > 0) await blobs.delete(old.map(({ key }) => key))
  } catch (err) {
    // The new picture stands; the next one tries again.
    log.warn({ err, videoId }, 'older pictures could not be deleted')
  }
}
