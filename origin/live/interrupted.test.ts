import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { IngestService, StreamState } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IngestApiServer, SERVICE_TOKEN, type TestStream } from '../../test/support/ingest-api.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { makeSource, startPublisher } from '../../test/support/publisher.ts'
import { type ReadySource, readSource, Sender } from '../../test/support/rtmp-sender.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { connectRpc } from '../rpc/client.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'
import { type Live, startLive } from './index.ts'

// Encoders that go and come back, over sockets.

const RACES = process.env.LONG ? 200 : 30
/** So much of the stream is sent in a race: some parts of picture and sound. */
const RACE_MS = 900

const folder = mkdtempSync(join(tmpdir(), 'streamtube-interrupted-'))
const api = new IngestApiServer()
let live: Live
let blobs: Blobs
let file: string
let source: ReadySource
let rpc: ReturnType<typeof connectRpc<typeof IngestService>>

beforeAll(async () => {
  api.blockSize = 60
  await api.start()
  blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  const url = `http://127.0.0.1:${api.port}`
  rpc = connectRpc(IngestService, { url, serviceToken: SERVICE_TOKEN, deadlineMs: 5_000 })
  live = await start()
  file = await makeSource(folder, { seconds: 8 })
  source = await readSource(file)
}, 60_000)

afterAll(async () => {
  await live.close(AbortSignal.timeout(5_000))
  rpc.close()
  await api.close()
  await blobs.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(): Promise<Live> {
  return startLive({
    host: '127.0.0.1',
    rtmpPort: 0,
    rtmps: null,
    cardSessionsMax: 0,
    media: { host: '127.0.0.1', port: 0 },
    nodeUrl: null,
    api: rpc.client,
    blobs,
    spool: { folder: mkdtempSync(join(folder, 'spool-')), maxBytes: 64 * 1024 * 1024, fsync: false },
    edgeTokens: createEdgeTokenVerifier({ keys: [] }),
    serviceToken: SERVICE_TOKEN,
    log: quietLog,
    metrics: testMetrics().metrics,
  })
}

const PATIENCE = { timeout: 25_000, interval: 20 }
const until = (condition: () => boolean | Promise<boolean>) => expect.poll(condition, PATIENCE).toBe(true)
const authorization = `Bearer ${SERVICE_TOKEN}`
const get = (rest: string) =>
  fetch(`http://127.0.0.1:${live.mediaPort}/media/${rest}`, { headers: { authorization } })
const playlist = async (stream: TestStream, id = 'source') =>
  await (await get(`live/${stream.broadcastId}/${id}.m3u8`)).text()
const last = (stream: TestStream) => api.reportsOf(stream).at(-1)
/** Of all media that a playlist lists: not of what it only hints at, nor of gaps. */
const addressesIn = (text: string) =>
  [
    ...text.matchAll(/#EXT-X-(?:PART|MAP):.*URI="..\/..\/([^"]+)"|(?<!#EXT-X-GAP\n)#EXTINF.*\n..\/..\/(.+)/g),
  ].map((match) => match[1] ?? match[2] ?? '')
const gaps = (text: string) => (text.match(/#EXT-X-GAP/g) ?? []).length

/** As a viewer gets it: what was let go of memory is in the store. Null for a part that fell out of the window. */
async function read(address: string): Promise<Uint8Array | null> {
  const object = await get(address)
  if (object.status === 200) return new Uint8Array(await object.arrayBuffer())
  if (/\/p\d+\.m4s$/.test(address)) return null
  return await readFile(join(folder, 'blobs', address.replace(/^m/, 'timelines')))
}

/** A stream that waits for its encoder. */
const waiting = (key: string) => api.addStream(key, { reconnectWindowSeconds: 60 })
const publish = (key: string) => startPublisher(file, `rtmp://127.0.0.1:${live.rtmpPort}/live/${key}`)

test('an encoder that is killed leaves its broadcast interrupted; another one goes on with it, and all is recorded', async () => {
  const stream = waiting('killed')
  const first = publish('killed')
  await until(async () => (await playlist(stream)).includes('#EXTINF'))
  await first.kill()
  await until(() => last(stream)?.state === StreamState.INTERRUPTED)
  await until(async () => gaps(await playlist(stream)) > 0)
  const next = Number(/MEDIA-SEQUENCE:(\d+)/.exec(await playlist(stream))?.[1])
  const listed = ((await playlist(stream)).match(/#EXTINF/g) ?? []).length
  const answer = await get(`live/${stream.broadcastId}/audio.m3u8?_HLS_msn=${next + listed}&_HLS_part=0`)
  expect(answer.status).toBe(200)

  const second = publish('killed')
  await until(async () => /\/2\/s\d+\.m4s/.test(await playlist(stream)))
  expect(last(stream)).toMatchObject({ state: StreamState.LIVE, epoch: 2 })
  await second.stop()
  await until(() => api.hasEnded(stream))
  expect(await playlist(stream)).toContain('#EXT-X-ENDLIST')
  const kept = (id: string) =>
    api
      .segmentsOf(stream)
      .filter(({ renditionId }) => renditionId === id)
      .sort((a, b) => Number(a.sequence - b.sequence))
  for (const id of ['source', 'audio']) {
    const sequences = kept(id).map(({ sequence }) => Number(sequence))
    expect(sequences).toEqual(sequences.map((_, i) => Number(sequences[0]) + i))
    const epochs = kept(id).flatMap(({ gap, epoch }) => (gap ? [] : [epoch]))
    expect([...new Set(epochs)]).toEqual([1, 2])
    expect(kept(id).some(({ gap }) => gap)).toBe(true)
  }
  expect(kept('audio').length).toBe(kept('source').length)
})

test('an encoder that stands still is said to be silent; it ends in words when the api lets another one in', async () => {
  const stream = waiting('hangs')
  const first = publish('hangs')
  await until(() => api.isLive(stream))
  first.pause()
  await until(() => (last(stream)?.silentMs ?? 0) >= 1_500)
  expect(last(stream)?.state).toBe(StreamState.LIVE)
  const second = publish('hangs')
  await until(async () => (await playlist(stream)).includes('/2/p0.m4s'))
  first.resume()
  await first.ended.catch(() => {})
  await until(() => (last(stream)?.silentMs ?? 9_999) < 1_000 && last(stream)?.epoch === 2)
  await second.stop()
  await until(() => api.hasEnded(stream))
})

test('a node that shuts down leaves its broadcasts interrupted', async () => {
  const stream = waiting('shutdown')
  const publisher = publish('shutdown')
  await until(() => api.isLive(stream))
  await live.close(AbortSignal.timeout(5_000))
  live = await start()
  await publisher.ended.catch(() => {})
  expect(last(stream)?.state).toBe(StreamState.INTERRUPTED)
  expect(api.hasEnded(stream)).toBe(false)
})

test(`two encoders at once, ${RACES} times: one broadcast, and no address with two contents`, async () => {
  const stream = waiting('race')
  // Answers come in any order.
  let grants = 0
  api.onGrant = () => wait((grants++ * 7) % 5)
  const contents = new Map<string, string>()
  const check = async () => {
    for (const id of ['source', 'audio']) {
      for (const address of addressesIn(await playlist(stream, id))) {
        const bytes = await read(address)
        if (!bytes) continue
        const hash = createHash('sha256').update(bytes).digest('hex')
        expect([address, contents.get(address) ?? hash]).toEqual([address, hash])
        contents.set(address, hash)
      }
    }
  }
  for (let round = 1; round <= RACES; round++) {
    const senders = [0, 1].map(() => new Sender(live.rtmpPort, 'race', source))
    for (const sender of senders) sender.sendUntil(RACE_MS)
    await until(async () => (await playlist(stream)).includes(`/source/${round * 2}/p1.m4s`))
    if (round % 10 === 0) await check()
    for (const sender of senders) sender.socket.destroy()
  }
  api.onGrant = async () => {}
  await check()
  expect(stream.epoch).toBe(RACES * 2)
  expect(contents.size).toBeGreaterThan(RACES)
  expect(new Set(api.appends.filter(({ epoch }) => epoch > 2).map(({ timelineId }) => timelineId)).size).toBe(
    1,
  )
  stream.end = true
  await until(() => api.hasEnded(stream))
}, 240_000)
