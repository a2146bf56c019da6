import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IngestService, StreamState } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { IngestApiServer, SERVICE_TOKEN, type TestStream } from '../../test/support/ingest-api.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { makeSource, type Publisher, startPublisher } from '../../test/support/publisher.ts'
import { chunked, publishCommands, RtmpClient } from '../../test/support/rtmp-client.ts'
import { probe, runFfmpeg } from '../media/ffmpeg.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { connectRpc } from '../rpc/client.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'
import { type Live, startLive } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'streamtube-live-'))
const api = new IngestApiServer()
const counted = testMetrics()
let live: Live
let blobs: Blobs
let source: string
let rpc: ReturnType<typeof connectRpc<typeof IngestService>>
let key = ''
let stream: TestStream

beforeAll(async () => {
  await api.start()
  blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  rpc = connectRpc(IngestService, {
    url: `http://127.0.0.1:${api.port}`,
    serviceToken: SERVICE_TOKEN,
    deadlineMs: 2_000,
  })
  live = await startLive({
    host: '127.0.0.1',
    rtmpPort: 0,
    rtmps: null,
    cardSessionsMax: 0,
    media: { host: '127.0.0.1', port: 0 },
    nodeUrl: null,
    api: rpc.client,
    blobs,
    spool: { folder: join(folder, 'spool'), maxBytes: 64 * 1024 * 1024, fsync: false },
    edgeTokens: createEdgeTokenVerifier({ keys: [] }),
    serviceToken: SERVICE_TOKEN,
    log: quietLog,
    metrics: counted.metrics,
  })
  source = await makeSource(folder, { seconds: 8, width: 640, height: 360, bFrames: 2 })
}, 60_000)

afterAll(async () => {
  await live.close(AbortSignal.timeout(5_000))
  rpc.close()
  await api.close()
  await blobs.close()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(() => {
  key = `key-${Math.random()}`
  stream = api.addStream(key)
})

const authorization = `Bearer ${SERVICE_TOKEN}`
const mediaUrl = (rest: string) => `http://127.0.0.1:${live.mediaPort}/media/${rest}`
const get = (rest: string, init: RequestInit = {}) =>
  fetch(mediaUrl(rest), { headers: { authorization }, ...init })
const publish = (options = {}): Publisher =>
  startPublisher(source, `rtmp://127.0.0.1:${live.rtmpPort}/live/${key}`, options)
const until = (condition: () => boolean | Promise<boolean>) =>
  expect.poll(condition, { timeout: 20_000, interval: 50 }).toBe(true)

test('a publisher is live within moments, and is played from the media address', async () => {
  const publisher = publish()
  await until(() => api.isLive(stream))
  const master = await get(`live/${stream.broadcastId}/master.m3u8`)
  expect(master.status).toBe(200)
  expect(master.headers.get('cache-control')).toBe('no-store')
  expect(await master.text()).toContain('source.m3u8')

  // ffmpeg knows no parts: to it a playlist without a whole segment is empty.
  await until(async () =>
    (await (await get(`live/${stream.broadcastId}/source.m3u8`)).text()).includes('#EXTINF'),
  )
  const recorded = join(folder, 'played.mp4')
  await runFfmpeg({
    inputs: [
      {
        source: mediaUrl(`live/${stream.broadcastId}/master.m3u8`),
        options: ['-headers', `authorization: ${authorization}\r\n`],
      },
    ],
    outputs: [{ target: recorded, options: ['-t', '4', '-c', 'copy'] }],
    limits: { wallMs: 25_000 },
  })
  const { streams } = await probe(recorded)
  expect(streams.map((each) => each.codec_name).sort()).toEqual(['aac', 'h264'])
  await publisher.stop()
})

test('blocking reloads wait for what comes next, and everything listed can be fetched', async () => {
  const publisher = publish()
  await until(() => api.isLive(stream))
  await get(`live/${stream.broadcastId}/master.m3u8`)
  const first = await (await get(`live/${stream.broadcastId}/source.m3u8`)).text()
  const msn = Number(/MEDIA-SEQUENCE:(\d+)/.exec(first)?.[1]) + (first.match(/#EXTINF/g)?.length ?? 0)
  const next = await get(`live/${stream.broadcastId}/source.m3u8?_HLS_msn=${msn + 1}&_HLS_part=0`)
  expect(next.status).toBe(200)
  const text = await next.text()
  const addresses = [...text.matchAll(/URI="..\/..\/(m\/[^"]+)"|^..\/..\/(m\/.+)$/gm)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  expect(addresses.length).toBeGreaterThan(5)
  for (const address of addresses) {
    const object = await get(address)
    const bytes = (await object.arrayBuffer()).byteLength
    expect([address, object.status]).toEqual([address, 200])
    expect(object.headers.get('content-length')).toBe(String(bytes))
    expect(object.headers.get('cache-control')).toContain('immutable')
    const head = await get(address, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes)])
  }
  expect((await get(`live/${stream.broadcastId}/source.m3u8?_HLS_msn=${msn + 50}`)).status).toBe(400)
  expect((await get(`live/${stream.broadcastId}/source.m3u8?_HLS_msn=x`)).status).toBe(400)
  expect((await get(`live/${stream.broadcastId}/nothing.m3u8`)).status).toBe(404)
  await publisher.stop()
})

test('media are refused to whoever is not an edge', async () => {
  const { broadcastId } = stream
  for (const headers of [{}, { authorization: 'Bearer wrong' }, { 'x-streamtube-edge': 'forged.to.ken' }]) {
    const answer = await fetch(mediaUrl(`live/${broadcastId}/master.m3u8`), { headers })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ type: '/problems/unauthenticated' })
  }
  expect((await get('../../etc/passwd')).status).toBe(404)
  expect((await get(`live/${broadcastId}/master.m3u8`, { method: 'POST' })).status).toBe(404)
})

test('a stream that another run of the node had may come back: come again; its objects may be elsewhere', async () => {
  const { broadcastId } = stream
  expect((await get(`live/${broadcastId}/master.m3u8`)).status).toBe(503)
  expect((await get(`live/${broadcastId}/source.m3u8?_HLS_msn=3`)).status).toBe(503)
  expect((await get(`m/${broadcastId}/source/1/s0.m4s`)).status).toBe(404)
})

test('a stream that ended is kept whole, said to be ended last, and still served for a while', async () => {
  const publisher = publish({ loop: false })
  await publisher.ended
  const endedAtMs = performance.now()
  await until(() => api.hasEnded(stream))
  // A ceiling for machines that stand still.
  expect(performance.now() - endedAtMs).toBeLessThan(10_000)
  expect(api.calls.lastIndexOf('appendIndex')).toBeLessThan(api.calls.lastIndexOf('reportStreams'))

  const renditions = api.appends
    .filter((batch) => batch.timelineId === stream.broadcastId)
    .flatMap((batch) => batch.renditions)
  for (const id of ['source', 'audio']) {
    const segments = api.segmentsOf(stream).filter((segment) => segment.renditionId === id)
    const info = renditions.find((rendition) => rendition.id === id)
    const seconds = segments.reduce((sum, segment) => sum + segment.duration, 0) / (info?.timescale ?? 1)
    expect(seconds).toBeCloseTo(8, 0)
    const parts = [
      `timelines/${stream.broadcastId}/${id}/1/init.mp4`,
      ...segments.map((segment) => segment.locator),
    ]
    const bytes = await Promise.all(parts.map(async (name) => readFile(join(folder, 'blobs', name))))
    expect(bytes.slice(1).map((each) => each.length)).toEqual(segments.map((segment) => segment.sizeBytes))
    expect(Buffer.from(info?.initSegment ?? []).equals(bytes[0] ?? Buffer.alloc(0))).toBe(true)
    const whole = join(folder, `whole-${id}.mp4`)
    await writeFile(whole, Buffer.concat(bytes))
    expect((await probe(whole)).format.duration).toBeCloseTo(8, 0)
  }
  const playlist = await (await get(`live/${stream.broadcastId}/source.m3u8`)).text()
  expect(playlist).toContain('#EXT-X-ENDLIST')
})

test('a creator who ends the stream cuts the encoder', async () => {
  const publisher = publish()
  await until(() => api.isLive(stream))
  stream.end = true
  const askedAtMs = performance.now()
  await publisher.ended.catch(() => {})
  expect(performance.now() - askedAtMs).toBeLessThan(10_000)
  await until(() => api.hasEnded(stream))
})

test('the stream goes on while the api is away, and what happened meanwhile is told afterwards', async () => {
  const publisher = publish()
  await until(() => api.isLive(stream))
  await get(`live/${stream.broadcastId}/master.m3u8`)
  api.away = true
  const path = `live/${stream.broadcastId}/source.m3u8`
  const sequence = async () => Number(/MEDIA-SEQUENCE:(\d+)/.exec(await (await get(path)).text())?.[1])
  const before = (await (await get(path)).text()).match(/#EXTINF/g)?.length ?? 0
  const first = await sequence()
  await until(async () => {
    const text = await (await get(path)).text()
    return (
      Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]) - first + (text.match(/#EXTINF/g)?.length ?? 0) >=
      before + 2
    )
  })
  expect(api.segmentsOf(stream)).toHaveLength(0)
  await publisher.stop()
  api.away = false
  // The end may be told first: it does not wait long for what the api did not take.
  await until(() => api.hasEnded(stream) && api.segmentsOf(stream).length > 4)
})

test('a ladder rung has the segments of the source, at the same times', async () => {
  stream.settings = { ...stream.settings, ladder: 'on' }
  const publisher = publish()
  await until(() => api.isLive(stream))
  const master = await (await get(`live/${stream.broadcastId}/master.m3u8`)).text()
  expect(master).toContain('240p30.m3u8')
  expect(master).toContain('RESOLUTION=426x240')
  await until(async () => {
    const playlist = await (await get(`live/${stream.broadcastId}/240p30.m3u8`)).text()
    return (playlist.match(/#EXTINF/g)?.length ?? 0) > 2
  })
  await publisher.stop()
  await until(() => api.hasEnded(stream))
  const times = (id: string) =>
    api
      .segmentsOf(stream)
      .filter((segment) => segment.renditionId === id)
      .map((segment) => [Number(segment.sequence), Number(segment.programTimeMs), segment.gap])
  expect(times('source').length).toBeGreaterThan(2)
  expect(times('240p30')).toEqual(times('source'))
})

test.each([
  ['HEVC', [0x90, ...Buffer.from('hvc1')]],
  ['AV1', [0x90, ...Buffer.from('av01')]],
  ['VP6', [0x14, 0, 0, 0, 0]],
])('an encoder that sends %s is told so', async (codec, start) => {
  const client = new RtmpClient(live.rtmpPort)
  await client.shakeHands()
  client.write(publishCommands(key))
  await client.hears('NetStream.Publish.Start')
  const payload = Buffer.from([...start, ...Buffer.alloc(20)])
  client.write(chunked({ chunkStream: 6, type: 9, messageStream: 1, payload }))
  await client.hears('NetStream.Publish.Failed')
  expect(client.said).toContain(codec)
  await client.closed
  await until(() => api.hasEnded(stream))
  // Its creator, too, in the go-live page.
  expect(api.reportsOf(stream).at(-1)?.health?.warnings).toContain(`unsupported-codec:${codec}`)
})

test('health says what the encoder sends', async () => {
  const publisher = publish()
  await until(() => (api.reportsOf(stream).at(-1)?.health?.frameRate ?? 0) > 28)
  const { health, state } = api.reportsOf(stream).at(-1) ?? {}
  expect(state).toBe(StreamState.LIVE)
  expect(health).toMatchObject({ width: 640, height: 360, warnings: [] })
  expect(health?.videoCodec).toMatch(/^avc1\./)
  expect(health?.audioCodec).toBe('mp4a.40.2')
  await until(() => (api.reportsOf(stream).at(-1)?.health?.keyFrameIntervalMs ?? 0) === 2_000)
  await publisher.stop()
})

test('a stream that is not archived leaves nothing behind', async () => {
  stream.settings = { ...stream.settings, archive: false }
  const publisher = publish()
  await until(() => api.isLive(stream))
  await get(`live/${stream.broadcastId}/master.m3u8`)
  await publisher.stop()
  await until(() => api.hasEnded(stream))
  expect(api.segmentsOf(stream)).toHaveLength(0)
  const { items } = await blobs.list({ prefix: `timelines/${stream.broadcastId}` })
  expect(items).toHaveLength(0)
})

test('an unknown key is refused, and only its hash was asked about', async () => {
  const publisher = startPublisher(source, `rtmp://127.0.0.1:${live.rtmpPort}/live/nobody-knows`)
  await expect(publisher.ended).rejects.toMatchObject({
    stderr: expect.stringContaining('The stream key is not valid'),
  })
  expect(JSON.stringify(api.authorizations.map(({ streamKeySha256 }) => streamKeySha256))).not.toContain(
    'nobody-knows',
  )
  expect(api.authorizations.at(-1)?.streamKeySha256).toMatch(/^[0-9a-f]{64}$/)
})

test('more sequence numbers are reserved before the first ones run out', async () => {
  api.blockSize = 4
  const publisher = publish()
  await until(() => api.calls.includes('reserveSequences'))
  await publisher.stop()
  api.blockSize = 1_000
  await until(() => api.hasEnded(stream))
})
