import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { ClipExportTaskSchema, ClipPictureTaskSchema } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { makeId } from '@streamtube/contracts/ids.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planRuns } from '../clips/plan.ts'
import { createLogger } from '../log.ts'
import { frameTimes, probe } from '../media/ffmpeg.ts'
import type { RenditionTimeline } from '../media/timeline.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { exportClip } from './clip-export.ts'
import { pictureClip } from './clip-picture.ts'
import type { TaskDeps } from './deps.ts'
import { JobDesk } from './job-desk.case.ts'
import { makeNumberedFile, readNumbers } from './numbered-frames.case.ts'
import { packageUpload } from './package.ts'

const startedMs = 1_764_000_000_000
const id = makeId(startedMs, new Uint8Array(10))
const clipId = makeId(startedMs + 1, new Uint8Array(10))
const blobKey = `clip-exports/${clipId}/0-1.mp4`
const FRAME_RATE = 30
const SECONDS = 12

let folder: string
let blobs: Blobs
let desk: JobDesk
let deps: TaskDeps
let timeline: RenditionTimeline[]
let anchorMs: number

/** B-frames: pictures are stored in another order than they are shown in. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clip-export-'))
  blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  desk = new JobDesk()
  const log = createLogger({ process: 'test', level: 'silent' })
  deps = { api: desk.api, blobs, serviceToken: 'x', scratch: join(folder), log }
  const path = join(folder, 'numbered.mp4')
  await makeNumberedFile({ path, seconds: SECONDS, frameRate: FRAME_RATE, options: ['-bf', '2'] })
  await blobs.put('uploads/a.mp4', await readFile(path), {
    contentType: 'video/mp4',
  })
  await rm(path)
  const task = { $typeName: 'streamtube.v1.PackageTask' as const, videoId: id, timelineId: id }
  await packageUpload(deps, { ...task, blobKey: 'uploads/a.mp4' }, aRun())
  timeline = ['source', 'audio'].map((renditionId) => {
    const info = desk.timelines.flatMap((batch) => batch.renditions).find((one) => one.id === renditionId)
    if (!info) throw new Error(`no ${renditionId}`)
    const segments = desk.timelines.flatMap((batch) =>
      batch.segments
        .filter((one) => one.renditionId === renditionId)
        .map(({ epoch, duration, sizeBytes, independent, discontinuity, gap, ...big }) => ({
          ...{ epoch, duration, sizeBytes, independent, discontinuity, gap },
          sequence: Number(big.sequence),
          dts: Number(big.dts),
          programTimeMs: Number(big.programTimeMs),
        })),
    )
    return {
      info: { id: info.id, kind: info.kind as 'video' | 'audio', codecs: '', timescale: info.timescale },
      segments,
    }
  })
  // The api keeps headers.
  for (const { id: renditionId, initSegment } of desk.timelines.flatMap((batch) => batch.renditions)) {
    await blobs.put(`timelines/${id}/${renditionId}/1/init.mp4`, initSegment, { contentType: 'video/mp4' })
  }
  shares.length = 0
  anchorMs = timeline[0]?.segments[0]?.programTimeMs ?? 0
})
afterAll(async () => {
  await blobs.close()
  await rm(folder, { recursive: true })
})

const shares: number[] = []
function aRun(signal = new AbortController().signal) {
  return { signal, progress: (share: number) => shares.push(share) }
}

/** Exports frames `from` up to and without `to`, and answers where the file lies. */
async function exportFrames(
  from: number,
  to: number,
  of: readonly RenditionTimeline[] = timeline,
): Promise<string> {
  const at = (frame: number) => Math.round(anchorMs + (frame * 1000) / FRAME_RATE)
  const range = { fromMs: at(from), toMs: at(to) }
  // As a view of the range: from the last key frame before it.
  const [lead] = of
  const shown = lead?.segments.filter(
    ({ programTimeMs, duration }) =>
      programTimeMs < range.toMs && programTimeMs + (duration * 1000) / 90_000 > range.fromMs,
  )
  const first = shown?.[0]?.sequence ?? 0
  const last = shown?.at(-1)?.sequence ?? 0
  const within = of.map(({ info, segments }) => ({
    info,
    segments: segments.filter(({ sequence }) => sequence >= first && sequence <= last),
  }))
  const runs = planRuns(id, within, range).map(({ video, audio }) => ({
    ...(video && { video }),
    ...(audio && { audio }),
  }))
  await exportClip(deps, create(ClipExportTaskSchema, { clipId, blobKey, runs }), aRun())
  const object = await blobs.get(blobKey)
  const path = join(folder, 'result.mp4')
  await writeFile(path, object?.body ?? '')
  return path
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe('the file of a clip', () => {
  test.each([
    ['within segments', 47, 213],
    ['from the very first frame', 0, 151],
    ['to the very last', 180, SECONDS * FRAME_RATE],
    ['from a key frame to a key frame', 60, 240],
    ['from the frame before a key frame', 59, 241],
  ])('holds exactly its frames: %s', async (_, from, to) => {
    const path = await exportFrames(from, to)
    expect(await readNumbers(path)).toEqual(numbers(from, to))
    const times = (await frameTimes(path)).sort((a, b) => a - b)
    expect(times[0]).toBe(0)
    for (const [i, time] of times.entries()) expect(time).toBeCloseTo(i / FRAME_RATE, 4)
    const { streams } = await probe(path)
    const video = streams.find(({ codec_type }) => codec_type === 'video')
    const audio = streams.find(({ codec_type }) => codec_type === 'audio')
    expect(video?.duration).toBeCloseTo((to - from) / FRAME_RATE, 2)
    expect(Math.abs((audio?.duration ?? 0) - (to - from) / FRAME_RATE)).toBeLessThan(0.05)
    expect(desk.clipExports.at(-1)).toMatchObject({ clipId, blobKey, frames: to - from })
  })

  test('says how far it is', () => {
    expect(shares.at(-1)).toBeGreaterThan(0)
    expect(Math.max(...shares)).toBeLessThanOrEqual(1)
  })

  test('leaves an interruption out, and goes on with the sound of what follows', async () => {
    const broken = timeline.map(({ info, segments }) => ({
      info,
      segments: segments.map((one) => (one.sequence === 2 ? { ...one, gap: true } : one)),
    }))
    const gone = broken[0]?.segments[2]
    const first = Math.round((((gone?.programTimeMs ?? 0) - anchorMs) * FRAME_RATE) / 1000)
    const count = Math.round(((gone?.duration ?? 0) * FRAME_RATE) / 90_000)
    const path = await exportFrames(40, 300, broken)
    expect(await readNumbers(path)).toEqual([...numbers(40, first), ...numbers(first + count, 300)])
  })

  test('is not made of what is not there, and leaves no files behind', async () => {
    const video = { initKey: 'timelines/none/init.mp4', segmentKeys: [], startMs: 0, endMs: 1000 }
    const task = create(ClipExportTaskSchema, { clipId, blobKey, runs: [{ video }] })
    await expect(exportClip(deps, task, aRun())).rejects.toMatchObject({ code: 'missing', retryable: false })
    expect((await readdir(folder)).filter((name) => name !== 'blobs' && name !== 'result.mp4')).toEqual([])
  })
})

test('the picture of a clip is its first frame', async () => {
  const range = { fromMs: anchorMs + 2500, toMs: anchorMs + 8000 }
  const [run] = planRuns(id, timeline, range)
  const video = run?.video
  await pictureClip(deps, create(ClipPictureTaskSchema, { clipId, ...(video && { run: { video } }) }), aRun())
  const key = desk.clipPictures.at(-1)?.blobKey ?? ''
  expect(key).toMatch(new RegExp(`^thumbnails/${clipId}/[0-9a-f]{24}\\.jpg$`))
  expect((await blobs.head(key))?.contentType).toBe('image/jpeg')
})
