import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@streamtube/contracts/ids.ts'
import { parseMediaPath } from '@streamtube/contracts/media-paths.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { probe } from '../media/ffmpeg.ts'
import { LiveTimeline } from '../media/live-timeline.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { JobDesk } from './job-desk.case.ts'
import { packageFile } from './package-file.ts'
import { makeSampleFile } from './sample-file.case.ts'
import { makeThumbnail } from './thumbnail.ts'

const id = newId()

/** What an ingest node serves of a broadcast: its playlists and objects, to whoever has the token. */
async function serve(
  answer: (path: string) => string | Buffer | null,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    if (request.headers.authorization !== 'Bearer secret') {
      response.writeHead(401).end()
      return
    }
    const body = answer((request.url ?? '').replace('/media/', ''))
    response.writeHead(body === null ? 404 : 200).end(body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('a picture of a live broadcast', () => {
  let folder: string
  let blobs: Blobs
  let desk: JobDesk
  const timeline = new LiveTimeline({ timelineId: id, partTargetMs: 210 })
  let answer: (path: string) => string | Buffer | null
  let ingest: { server: Server; url: string }

  const fromTimeline = (rest: string) => {
    const path = parseMediaPath(rest)
    if (path?.type === 'master') return timeline.master(Date.now())
    if (path?.type === 'playlist') return timeline.playlist(path.renditionId, { skip: false })
    const object = path && timeline.object(path)
    return object?.state === 'memory' ? Buffer.concat(object.chunks) : null
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thumbnail-'))
    blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
    const path = join(folder, 'source.mp4')
    await makeSampleFile({ path, seconds: 7 })
    timeline.declare(['source', 'audio'], Date.now())
    await packageFile({
      path,
      durationSeconds: 7,
      epoch: 1,
      startMs: Date.now(),
      emit: (event) => timeline.apply(event),
      room: async () => {},
      onProgress: () => {},
      signal: new AbortController().signal,
    })
    ingest = await serve((rest) => answer(rest))
  })
  afterAll(async () => {
    timeline.end()
    await new Promise((resolve) => ingest.server.close(resolve))
    await blobs.close()
    await rm(folder, { recursive: true })
  })
  beforeEach(() => {
    desk = new JobDesk()
    answer = fromTimeline
  })

  const make = (more: { liveUrl?: string; serviceToken?: string } = {}) => {
    const { liveUrl = ingest.url, serviceToken = 'secret' } = more
    const log = createLogger({ process: 'test', level: 'silent' })
    return makeThumbnail(
      { api: desk.api, blobs, serviceToken, scratch: folder, log },
      { $typeName: 'streamtube.v1.ThumbnailTask', videoId: id, timelineId: id, liveUrl },
      { signal: AbortSignal.timeout(20_000), progress: () => {} },
    )
  }

  it('is made of its newest key frame, 640 wide, and told to the api', async () => {
    await make()
    const [key = ''] = desk.thumbnails
    const object = await blobs.get(key)
    expect(object?.contentType).toBe('image/jpeg')
    const path = join(folder, 'picture.jpg')
    await writeFile(path, Buffer.from(await new Response(object?.body).arrayBuffer()))
    expect((await probe(path)).streams[0]).toMatchObject({ codec_name: 'mjpeg', width: 640, height: 360 })
  })

  it('is refused without the token', async () => {
    await expect(make({ serviceToken: 'other' })).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('cannot be had of a stream that is not there, has nothing yet, or whose node is gone; later it may', async () => {
    answer = () => null
    await expect(make()).rejects.toMatchObject({ code: 'not-live', retryable: true })
    answer = () => '#EXTM3U\n'
    await expect(make()).rejects.toMatchObject({ code: 'no-picture', retryable: true })
    answer = (path) =>
      path.includes('/master') ? '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource.m3u8\n' : '#EXTM3U\n'
    await expect(make()).rejects.toMatchObject({ code: 'no-picture', retryable: true })
    const liveUrl = 'http://127.0.0.1:9'
    await expect(make({ liveUrl })).rejects.toMatchObject({ code: 'unreachable', retryable: true })
    expect(desk.thumbnails).toEqual([])
  })

  it('cannot be had of bytes that are no picture', async () => {
    answer = (path) => (path.endsWith('.m3u8') ? fromTimeline(path) : Buffer.from('no picture'))
    await expect(make()).rejects.toMatchObject({ code: 'no-picture' })
  })

  it.each(['http://127.0.0.1:1/media/x.m3u8', '/other/x.m3u8', '../../../x.m3u8'])(
    'takes the token nowhere else, whatever a playlist says: %s',
    async (uri) => {
      answer = () => `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${uri}\n`
      await expect(make()).rejects.toMatchObject({ code: 'unreachable', retryable: false })
    },
  )
})
