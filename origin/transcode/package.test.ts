import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeId } from '@streamtube/contracts/ids.ts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { probe } from '../media/ffmpeg.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import type { TaskDeps } from './deps.ts'
import { JobDesk } from './job-desk.case.ts'
import { packageUpload } from './package.ts'
import { makeSampleFile, type SampleFile } from './sample-file.case.ts'

const madeAtMs = 1_764_000_000_000
const id = makeId(madeAtMs, new Uint8Array(10))
const task = {
  $typeName: 'streamtube.v1.PackageTask' as const,
  videoId: id,
  timelineId: id,
  blobKey: 'uploads/a.mp4',
}

describe('packaging a file', () => {
  let samples: string
  let folder: string
  let blobs: Blobs
  let desk: JobDesk
  let deps: TaskDeps
  const progress: number[] = []
  beforeAll(async () => {
    samples = await mkdtemp(join(tmpdir(), 'samples-'))
    await makeSampleFile({ path: join(samples, 'plain.mp4'), seconds: 9 })
  })
  afterAll(() => rm(samples, { recursive: true }))
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'package-'))
    blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
    desk = new JobDesk()
    const log = createLogger({ process: 'test', level: 'silent' })
    deps = { api: desk.api, blobs, serviceToken: 'x', scratch: folder, log }
    progress.length = 0
  })
  afterEach(async () => {
    await blobs.close()
    await rm(folder, { recursive: true })
  })

  const put = async (bytes: Uint8Array) => {
    await blobs.put(task.blobKey, bytes, { contentType: 'video/mp4' })
  }
  const putSample = async (about: Omit<SampleFile, 'path'>) => {
    const path = join(samples, 'other.mp4')
    await makeSampleFile({ path, ...about })
    await put(await readFile(path))
  }
  const run = (signal = new AbortController().signal) =>
    packageUpload(deps, task, { signal, progress: (share) => progress.push(share) })
  const segments = (renditionId: string) =>
    desk.timelines.flatMap((batch) => batch.segments.filter((one) => one.renditionId === renditionId))
  const bytesOf = async (key: string) => {
    const object = await blobs.get(key)
    return Buffer.from(await new Response(object?.body).arrayBuffer())
  }
  /** One rendition's header and segments as one file, as a player puts them together. */
  const joined = async (renditionId: string) => {
    const init = desk.timelines.flatMap((batch) => batch.renditions).findLast((one) => one.id === renditionId)
    const media = await Promise.all(segments(renditionId).map((segment) => bytesOf(segment.locator)))
    const path = join(folder, `${renditionId}.mp4`)
    await writeFile(path, Buffer.concat([init?.initSegment ?? Buffer.alloc(0), ...media]))
    return await probe(path)
  }

  it('makes a timeline that plays from its start to its end, picture and sound, and says so once', async () => {
    await put(await readFile(join(samples, 'plain.mp4')))
    await run()
    expect(desk.timelines.map((batch) => batch.complete)).toEqual([true])
    for (const renditionId of ['source', 'audio']) {
      const list = segments(renditionId)
      expect(list.map((one) => Number(one.sequence))).toEqual([0, 1, 2, 3, 4])
      for (const one of list) {
        expect(one.locator).toBe(`timelines/${id}/${renditionId}/1/s${one.sequence}.m4s`)
        expect(await blobs.head(one.locator)).toMatchObject({ sizeBytes: one.sizeBytes })
      }
    }
    expect(segments('source').every((one) => one.independent && !one.gap)).toBe(true)
    const video = await joined('source')
    expect(video.streams[0]).toMatchObject({ codec_name: 'h264', width: 320, height: 180 })
    expect(video.format.duration).toBeCloseTo(9, 1)
    const audio = await joined('audio')
    expect(audio.streams[0]).toMatchObject({ codec_name: 'aac', channels: 2 })
    expect(audio.format.duration).toBeCloseTo(9, 0)
  })

  it('shows a picture of it', async () => {
    await put(await readFile(join(samples, 'plain.mp4')))
    await run()
    const [key = ''] = desk.thumbnails
    expect(key).toMatch(new RegExp(`^thumbnails/${id}/[0-9a-f]{24}\\.jpg$`))
    const path = join(folder, 'picture.jpg')
    await writeFile(path, await bytesOf(key))
    expect((await probe(path)).streams[0]).toMatchObject({ codec_name: 'mjpeg', width: 640, height: 360 })
  })

  it('done again, writes the same again: objects, records, picture', async () => {
    await put(await readFile(join(samples, 'plain.mp4')))
    await run()
    const first = { records: segments('source'), picture: desk.thumbnails[0] }
    const bytes = await bytesOf(first.records[1]?.locator ?? '')
    desk.timelines.length = 0
    await run()
    expect(segments('source')).toEqual(first.records)
    expect(desk.thumbnails[1]).toBe(first.picture)
    expect(await bytesOf(first.records[1]?.locator ?? '')).toEqual(bytes)
    expect(Number(first.records[0]?.programTimeMs)).toBe(madeAtMs)
  })

  it('tells how far it is, and leaves no file behind', async () => {
    await put(await readFile(join(samples, 'plain.mp4')))
    await run()
    expect(progress.at(-1)).toBeGreaterThan(0.95)
    expect(Math.max(...progress)).toBeLessThanOrEqual(1)
    expect((await readdir(folder)).filter((name) => name.endsWith('.mp4'))).toEqual([])
  })

  it('takes a file without sound', async () => {
    await putSample({ seconds: 3, audio: null })
    await run()
    expect(segments('source').length).toBeGreaterThan(0)
    expect(segments('audio')).toEqual([])
  })

  it.each([
    ['without a picture', { seconds: 1, video: null }, 'unsupported'],
    ['with another video codec', { seconds: 1, video: 'mpeg4' }, 'unsupported'],
    ['with another audio codec', { seconds: 1, audio: 'mp3' }, 'unsupported'],
  ] as const)('refuses a file %s, for good', async (_, about, code) => {
    await putSample(about)
    await expect(run()).rejects.toMatchObject({ code, retryable: false })
    expect(desk.timelines).toEqual([])
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('#EXTM3U\nfile:///etc/passwd\n')],
    [
      'a playlist dressed up as an MP4',
      Buffer.from('\0\0\0\u0018ftypisom#EXTM3U\nfile:///etc/passwd\n', 'latin1'),
    ],
    ['a brand that is none', Buffer.from('\0\0\0\u0018ftyp....\0\0\0\0', 'latin1')],
  ])('refuses %s, for good', async (_, bytes) => {
    await put(bytes)
    await expect(run()).rejects.toMatchObject({ code: 'not-media', retryable: false })
  })

  it('refuses a file that was cut off before its index, and one that is not there', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'missing', retryable: false })
    const whole = await readFile(join(samples, 'plain.mp4'))
    await put(whole.subarray(0, whole.length / 2))
    await expect(run()).rejects.toMatchObject({ code: 'not-media' })
  })

  it('stops when it is told to, and when the api refuses', async () => {
    await put(await readFile(join(samples, 'plain.mp4')))
    await expect(run(AbortSignal.abort())).rejects.toThrow()
    desk.failing = { method: 'appendTimeline', error: new Error('no') }
    await expect(run()).rejects.toThrow()
    expect((await readdir(folder)).filter((name) => name.endsWith('.mp4'))).toEqual([])
  })
})
