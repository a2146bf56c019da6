import { newId } from '@streamtube/contracts/ids.ts'
import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import type { LibraryDeps } from './deps.ts'
import { LibraryError } from './errors.ts'
import { enqueueJob } from './jobs.ts'

const { channels, videos } = schema

const PACKAGE_ATTEMPTS = 3

export interface Import {
  channelId: string
  title: string
  description: string
  blobKey: string
  /** Names this import: the same one again changes nothing, except that a failed one is tried anew. */
  importKey: string
}

/**
 * Makes a video of a file that lies in blobs, and queues its packaging. Idempotent.
 * @throws LibraryError `unknown` channel, `invalid`
 */
export async function importVideo(
  deps: Pick<LibraryDeps, 'db' | 'now'>,
  about: Import,
): Promise<{ videoId: string; playable: boolean }> {
  if (about.importKey === '' || about.blobKey === '' || about.title === '') {
    throw new LibraryError('invalid', 'title, blob_key and import_key must be set')
  }
  const nowMs = deps.now()
  return await deps.db.transaction(async (tx) => {
    const [channel] = await tx.select().from(channels).where(eq(channels.id, about.channelId))
    if (!channel) throw new LibraryError('unknown', 'There is no such channel')
    const id = newId()
    await tx
      .insert(videos)
      .values({
        id,
        channelId: channel.id,
        timelineId: id,
        origin: 'file',
        state: 'processing',
        title: about.title,
        description: about.description,
        importKey: about.importKey,
        sourceKey: about.blobKey,
        startedAt: new Date(nowMs),
      })
      .onConflictDoNothing()
    const [video] = await tx.select().from(videos).where(eq(videos.importKey, about.importKey)).for('update')
    if (!video) throw new Error('a video that was just made is gone')
    if (video.state === 'ready') return { videoId: video.id, playable: true }
    await tx.update(videos).set({ state: 'processing' }).where(eq(videos.id, video.id))
    await enqueueJob(tx, {
      task: { kind: 'package', videoId: video.id, timelineId: video.timelineId, blobKey: about.blobKey },
      nowMs,
      maxAttempts: PACKAGE_ATTEMPTS,
    })
    return { videoId: video.id, playable: false }
  })
}
