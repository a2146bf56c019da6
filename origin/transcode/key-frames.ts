import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Blobs } from '../ports/blobs/port.ts'
import { JobError } from './job-error.ts'

/** A key frame is at the beginning of its segment; one of 60 Mb/s is smaller than this. */
const KEY_FRAME_BYTES = 1024 * 1024

/**
 * Puts key frames into files that exist while `run` does: each a header and the beginning of a segment.
 * @param run gets their paths in the order of the pictures; null where there is none
 * @throws JobError `missing`, whatever `run` throws
 */
export async function withKeyFrames<T>(
  { blobs, scratch, signal }: { blobs: Blobs; scratch: string; signal: AbortSignal },
  pictures: readonly { initKey: string; segmentKey: string }[],
  run: (paths: (string | null)[]) => Promise<T>,
): Promise<T> {
  const folder = join(scratch, randomUUID())
  await mkdir(folder, { mode: 0o700 })
  try {
    const paths: (string | null)[] = []
    for (const [i, { initKey, segmentKey }] of pictures.entries()) {
      const path = segmentKey === '' ? null : join(folder, `${i}.mp4`)
      if (path) {
        const parts = [await read(blobs, initKey, signal), await read(blobs, segmentKey, signal)]
        await writeFile(path, Buffer.concat(parts), { mode: 0o600 })
      }
      paths.push(path)
    }
    return await run(paths)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function read(blobs: Blobs, key: string, signal: AbortSignal): Promise<Uint8Array> {
  const object = await blobs.get(key, { range: { start: 0, end: KEY_FRAME_BYTES - 1 }, signal })
  if (!object) throw new JobError('missing', `there is no ${key}`)
  return new Uint8Array(await new Response(object.body).arrayBuffer())
}
