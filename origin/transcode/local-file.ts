import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Blobs } from '../ports/blobs/port.ts'
import { JobError } from './job-error.ts'

/** Brands of files whose insides are those of ISO/IEC 14496-12. */
const BRANDS = new Set([
  'isom',
  'iso2',
  'iso4',
  'iso5',
  'iso6',
  'mp41',
  'mp42',
  'avc1',
  'M4V ',
  'M4A ',
  'qt  ',
  'MSNV',
  'dash',
])

/**
 * Copies an object into a file that exists while `run` does: a demuxer seeks.
 * @throws JobError `missing`, `not-media` (no MP4 or MOV by its first bytes), whatever `run` throws
 */
export async function withLocalFile<T>(
  about: { blobs: Blobs; key: string; scratch: string; signal: AbortSignal },
  run: (path: string) => Promise<T>,
): Promise<T> {
  const { blobs, key, scratch, signal } = about
  await checkBrand(blobs, key, signal)
  const path = join(scratch, `${randomUUID()}.mp4`)
  try {
    const object = await blobs.get(key, { signal })
    if (!object) throw new JobError('missing', `there is no ${key}`)
    await pipeline(Readable.fromWeb(object.body), createWriteStream(path, { flags: 'wx', mode: 0o600 }), {
      signal,
    })
    return await run(path)
  } finally {
    await rm(path, { force: true })
  }
}

async function checkBrand(blobs: Blobs, key: string, signal: AbortSignal): Promise<void> {
  const head = await blobs.head(key, { signal })
  if (!head) throw new JobError('missing', `there is no ${key}`)
  if (head.sizeBytes < 12) throw new JobError('not-media', 'the file is too short to be a video')
  const object = await blobs.get(key, { range: { start: 0, end: 11 }, signal })
  const start = Buffer.from(await new Response(object?.body).arrayBuffer())
  if (start.toString('latin1', 4, 8) !== 'ftyp' || !BRANDS.has(start.toString('latin1', 8, 12))) {
    throw new JobError('not-media', 'the file is no MP4 or MOV')
  }
}
