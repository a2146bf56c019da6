import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { StoryboardTaskSchema } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { newId } from '@streamtube/contracts/ids.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { runFfmpeg } from '../media/ffmpeg.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { JobDesk } from './job-desk.case.ts'
import { packageFile } from './package-file.ts'
import { SegmentSink } from './segment-sink.ts'
import { sheetOptions } from './sheet.ts'
import { makeStoryboard } from './storyboard.ts'

const id = newId()
const never = new AbortController().signal

describe('the options of a sheet', () => {
  it('put a picture in its place and leave the others black', () => {
    const [, graph] = sheetOptions([true, false, true], { width: 160, height: 90, columns: 2 })
    expect(graph?.split(';')).toEqual([
      '[0:v:0]trim=end_frame=1,setpts=0,scale=160:90:flags=bicubic,setsar=1,format=yuvj420p[p0]',
      'color=c=black:size=160x90:rate=1:duration=1,setsar=1,format=yuvj420p[p1]',
      '[1:v:0]trim=end_frame=1,setpts=0,scale=160:90:flags=bicubic,setsar=1,format=yuvj420p[p2]',
      '[p0][p1][p2]xstack=inputs=3:layout=0_0|160_0|0_90:fill=black[sheet]',
    ])
  })
})

describe('a storyboard', () => {
  let folder: string
  let blobs: Blobs
  let desk: JobDesk
  let keys: string[]

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'storyboard-'))
    blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
    desk = new JobDesk()
    const path = join(folder, 'source.mp4')
    await makeColours(path)
    const sink = new SegmentSink({ api: desk.api, blobs, timelineId: id, epoch: 1, signal: never })
    await packageFile({
      path,
      durationSeconds: 6,
      epoch: 1,
      startMs: 0,
      emit: (event) => sink.take(event),
      room: () => sink.room(),
      onProgress: () => {},
      signal: never,
    })
    await sink.finish()
    // As the api does.
    for (const { id: rendition, initSegment } of desk.timelines.flatMap(({ renditions }) => renditions)) {
      await blobs.put(`timelines/${id}/${rendition}/1/init.mp4`, initSegment, { contentType: 'video/mp4' })
    }
    keys = desk.timelines.flatMap(({ segments }) =>
      segments.filter(({ renditionId }) => renditionId === 'source').map(({ locator }) => locator),
    )
  }, 60_000)
  afterAll(async () => {
    await blobs.close()
    await rm(folder, { recursive: true })
  })
  beforeEach(() => {
    desk = new JobDesk()
  })

  const picture = (segmentKey: string) => ({
    initKey: segmentKey === '' ? '' : segmentKey.replace(/s\d+\.m4s$/, 'init.mp4'),
    segmentKey,
  })
  async function make(sheets: { minute: number; segmentKeys: string[] }[]) {
    const task = create(StoryboardTaskSchema, {
      videoId: id,
      timelineId: id,
      width: 32,
      height: 18,
      columns: 2,
      sheets: sheets.map(({ minute, segmentKeys }) => ({ minute, pictures: segmentKeys.map(picture) })),
      nextMinute: 12,
      done: true,
    })
    const log = createLogger({ process: 'test', level: 'silent' })
    const deps = { api: desk.api, blobs, serviceToken: '', scratch: folder, log }
    await makeStoryboard(deps, task, { signal: never, progress: () => {} })
  }
  async function sheet(minute: number): Promise<Buffer | null> {
    const object = await blobs.get(`timelines/${id}/storyboard/${minute}.jpg`)
    return object && Buffer.from(await new Response(object.body).arrayBuffer())
  }

  it('shows the key frame of each segment in its place', async () => {
    expect(keys).toHaveLength(3)
    const [red = '', green = '', blue = ''] = keys
    await make([{ minute: 10, segmentKeys: [blue, '', green, red] }])
    const colours = await coloursOf(await sheet(10), folder)
    expect(colours).toEqual(['blue', 'black', 'green', 'red'])
    expect(desk.storyboards).toMatchObject([{ videoId: id, nextMinute: 12, done: true }])
    expect((await readdir(folder)).sort()).toEqual(['blobs', 'source.mp4'])
  })

  it('goes on after a minute that it can make nothing of', async () => {
    const [red = ''] = keys
    const nothing = `timelines/${id}/source/1/s999.m4s`
    await make([
      { minute: 20, segmentKeys: [nothing, red] },
      { minute: 21, segmentKeys: [red, red] },
    ])
    expect(await sheet(20)).toBeNull()
    expect(await coloursOf(await sheet(21), folder)).toEqual(['red', 'red'])
    expect(desk.storyboards).toHaveLength(1)
  })
})

/** Two seconds each of red, green and blue. */
async function makeColours(path: string): Promise<void> {
  const colour = (name: string) => ({
    source: `color=c=${name}:s=320x180:r=30:d=2`,
    options: ['-f', 'lavfi'],
  })
  const x264 = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-g',
    '60',
    '-keyint_min',
    '60',
  ]
  await runFfmpeg({
    inputs: [colour('red'), colour('lime'), colour('blue')],
    outputs: [
      { target: path, options: ['-filter_complex', '[0][1][2]concat=n=3[v]', '-map', '[v]', ...x264] },
    ],
    limits: { wallMs: 60_000 },
  })
}

/** What the middle of each picture of a sheet of two columns shows. */
async function coloursOf(jpeg: Buffer | null, folder: string): Promise<string[]> {
  if (!jpeg) throw new Error('there is no sheet')
  const [from, to] = [join(folder, 'sheet.jpg'), join(folder, 'sheet.rgb')]
  await writeFile(from, jpeg)
  await runFfmpeg({
    inputs: [{ source: from, options: [] }],
    outputs: [{ target: to, options: ['-f', 'rawvideo', '-pix_fmt', 'rgb24'] }],
    limits: { wallMs: 60_000 },
  })
  const pixels = await readFile(to)
  await Promise.all([rm(from), rm(to)])
  const rows = pixels.length / 3 / 64 / 18
  return Array.from({ length: rows * 2 }, (_, i) => {
    const at = 3 * ((Math.floor(i / 2) * 18 + 9) * 64 + (i % 2) * 32 + 16)
    const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3)
    if (Math.max(red, green, blue) < 60) return 'black'
    return red > 150 ? 'red' : green > 150 ? 'green' : 'blue'
  })
}
