import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ClipTrack } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import type { Blobs } from '../ports/blobs/port.ts'
import { JobError } from './job-error.ts'

/** Ten minutes at 60 Mb/s, and the key frames before them. */
const MAX_BYTES = 6 * 1024 ** 3

/**
 * Puts a track's header and segments together in a file that exists while `run` does: a decoder reads it as one.
 * @throws JobError `missing`, `too-large`, whatever `run` throws
 */
export async function withTrackFile<T>(
  about: { blobs: Blobs; scratch: string; signal: AbortSignal },
  { initKey, segmentKeys }: Pick<ClipTrack, 'initKey' | 'segmentKeys'>,
  run: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(about.scratch, `${randomUUID()}.mp4`)
  try {
    const chunks = objects(about.blobs, [initKey, ...segmentKeys], about.signal)
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
    await pipeline(chunks, file, { signal: about.signal })
    return await run(path)
  } finally {
    await rm(path, { force: true })
  }
}

async function* objects(blobs: Blobs, keys: readonly string[], signal: AbortSignal) {
  let sizeBytes = 0
  for (const key of keys) {
    const object = await blobs.get(key, { signal })
    if (!object) throw new JobError('missing', `there is no ${key}`)
    sizeBytes += object.sizeBytes
    if (sizeBytes > MAX_BYTES) throw new JobError('too-large', `the clip is of more than ${MAX_BYTES} bytes`)
    yield* object.body
  }
}
