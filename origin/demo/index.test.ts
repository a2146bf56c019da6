import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, createRouterTransport } from '@connectrpc/connect'
import { type ImportVideoRequest, SetupService } from '@streamtube/contracts/gen/streamtube/v1/setup_pb'
import { newId } from '@streamtube/contracts/ids.ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../log.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { demoFilePath, readDemoFile } from './demo-file.ts'
import { startDemo } from './index.ts'
import { tinyScene } from './tiny-scene.case.ts'
import type { RunningDemo } from './types.ts'

const broadcasts = { show: newId(), stage: newId() }

function listen(server: Server | HttpServer): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
}

describe('the demo', () => {
  let folder: string
  let blobs: Blobs
  let rtmp: Server
  let site: HttpServer
  let demo: RunningDemo | null = null
  const imports: ImportVideoRequest[] = []
  let published = 0
  let streaming = 0
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-'))
    blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
    imports.length = 0
    published = 0
    rtmp = createServer((socket) => {
      streaming++
      socket.on('data', (bytes) => {
        published += bytes.length
      })
      socket.on('error', () => socket.destroy())
      socket.once('close', () => streaming--)
    })
    // As the edge does: leave to play at any time, a live picture once there is one.
    site = createHttpServer((request, response) => {
      const grant = /^\/api\/v1\/playback\/(live|vod)\/(\w+)$/.exec(request.url ?? '')
      if (grant && request.method === 'POST' && request.headers.origin === 'http://localhost:8080') {
        const [, kind, id] = grant
        const master = `/p/token/${kind}/${id}/master.m3u8`
        response.end(JSON.stringify({ master, kind, expiresAt: '2030-01-01T00:00:00Z' }))
      } else if (request.url === `/p/token/live/${broadcasts.show}/master.m3u8` && published > 0) {
        response.end('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource.m3u8\n')
      } else if (request.url === `/p/token/live/${broadcasts.show}/source.m3u8`) {
        response.end('#EXTM3U\n#EXTINF:2.0,\ns0.m4s\n')
      } else response.writeHead(404).end()
    })
  })
  afterEach(async () => {
    await demo?.close()
    demo = null
    await new Promise((resolve) => rtmp.close(resolve))
    await new Promise((resolve) => site.close(resolve))
    await blobs.close()
    await rm(folder, { recursive: true })
  })

  const setup = createClient(
    SetupService,
    createRouterTransport(({ service }) =>
      service(SetupService, {
        createSetupLink: () => ({}),
        prepareDemo: () => ({
          linkToken: 'once',
          show: { channelId: newId(), handle: 'show', streamKey: 'show-key', broadcastId: broadcasts.show },
          stage: {
            channelId: newId(),
            handle: 'stage',
            streamKey: 'stage-key',
            broadcastId: broadcasts.stage,
          },
        }),
        importVideo: (request) => {
          imports.push(request)
          return { videoId: newId(), playable: false }
        },
      }),
    ),
  )

  const start = async (signal = new AbortController().signal) => {
    demo = await startDemo(
      {
        log: createLogger({ process: 'test', level: 'silent' }),
        dataDir: folder,
        blobs,
        setup,
        rtmpUrl: `tcp://127.0.0.1:${await listen(rtmp)}`,
        publicRtmpUrl: 'rtmp://localhost:1935/live',
        publicUrl: 'http://localhost:8080',
        siteUrl: `http://127.0.0.1:${await listen(site)}`,
        signal,
      },
      {
        live: { ...tinyScene, name: 'live', sound: null },
        videos: [tinyScene, { ...tinyScene, name: 'other' }],
      },
    )
    return demo
  }

  it('is live with two videos when it has started, and says where in demo.json', async () => {
    const running = await start()
    expect(running).toMatchObject({
      signInLink: 'http://localhost:8080/link?token=once',
      server: 'rtmp://localhost:1935/live',
      streamKey: 'stage-key',
    })
    expect(streaming).toBe(1)
    const file = await readDemoFile(folder)
    expect(file.url).toBe('http://localhost:8080')
    expect(file.rtmp).toEqual({
      url: 'rtmp://localhost:1935/live',
      key: 'stage-key',
      channel: {
        watch: `http://localhost:8080/watch/${broadcasts.stage}`,
        master: `http://localhost:8080/p/token/live/${broadcasts.stage}/master.m3u8`,
      },
    })
    expect(file.live.id).toBe(broadcasts.show)
    expect(file.videos).toHaveLength(2)
    expect(file.videos[0]?.master).toMatch(/\/p\/token\/vod\/\w+\/master\.m3u8$/)
    expect((await stat(demoFilePath(folder))).mode & 0o077).toBe(0)
    for (const { blobKey } of imports)
      expect(await blobs.head(blobKey)).toMatchObject({ contentType: 'video/mp4' })
    expect(imports.map((one) => one.importKey)).toEqual(['demo-tiny', 'demo-other'])
  })

  it('ends its stream when it is closed', async () => {
    const running = await start()
    const gone = new Promise<void>((resolve) => {
      const look = () => (streaming === 0 ? resolve() : setImmediate(look))
      look()
    })
    await running.close()
    await gone
  })

  it('leaves nothing running when the start is given up', async () => {
    const giveUp = new AbortController()
    rtmp.once('connection', () => giveUp.abort(new Error('enough')))
    await expect(start(giveUp.signal)).rejects.toThrow()
    await new Promise<void>((resolve) => {
      const look = () => (streaming === 0 ? resolve() : setImmediate(look))
      look()
    })
  })
})
