import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { type LibraryDeps, LibraryError } from '../library/index.ts'

const { clips } = schema

/** Gives a clip its picture. @throws LibraryError `invalid`, `unknown` object */
export async function setClipPicture(
  { db, blobs }: Pick<LibraryDeps, 'db' | 'blobs'>,
  about: { clipId: string; blobKey: string },
): Promise<void> {
  const prefix = `thumbnails/${about.clipId}/`
  if (
    !about.blobKey.startsWith(prefix) ||
    !/^[a-z0-9]{1,40}\.jpg$/.test(about.blobKey.slice(prefix.length))
  ) {
    throw new LibraryError('invalid', `blob_key must be ${prefix}<version>.jpg`)
  }
  if (!(await blobs.head(about.blobKey))) throw new LibraryError('unknown', 'There is no such object')
  await db.update(clips).set({ thumbnailKey: about.blobKey }).where(eq(clips.id, about.clipId))
}
