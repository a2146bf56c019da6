import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { makeSource } from '../../test/support/publisher.ts'
import { type ReadySource, readSource, Sender } from '../../test/support/rtmp-sender.ts'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { type Live, startLive } from '../live/index.ts'
import { connectRpc } from '../rpc/client.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'
import { newKey } from './testing.ts'

// An encoder on a real socket, a real node and the real api: what either side says, the other one understands.

/** So much of the stream an encoder sends at once. */
const SENT_MS = 3_000

const folder = mkdtempSync(join(tmpdir(), 'streamtube-live-node-'))
const senders = new Set<Sender>()
let api: TestApi
let live: Live
let rpc: ReturnType<typeof connectRpc<typeof IngestService>>
let source: ReadySource
let operator: Creator
let ada: Creator
let key: string

beforeAll(async () => {
  // The moment in which a key is refused lasts as long as the test needs.
  api = await startApiForTests({ stillClock: true })
  rpc = connectRpc(IngestService, api.rpcTarget)
  live = await startLive({
    host: '127.0.0.1',
    rtmpPort: 0,
    rtmps: null,
    cardSessionsMax: 0,
    media: { host: '127.0.0.1', port: 0 },
    nodeUrl: null,
    api: rpc.client,
    blobs: api.library.blobs,
    spool: { folder: join(folder, 'spool'), maxBytes: 64 * 1024 * 1024, fsync: false },
    edgeTokens: createEdgeTokenVerifier({ keys: [] }),
    serviceToken: api.rpcTarget.serviceToken,
    log: quietLog,
    metrics: testMetrics().metrics,
  })
  source = await readSource(await makeSource(folder, { seconds: 4 }))
  operator = await signUp(api)
})

afterAll(async () => {
  for (const { socket } of senders) socket.destroy()
  await live.close(AbortSignal.timeout(5_000))
  rpc.close()
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  ada = await signUp(api)
  key = await newKey(ada)
  await ada.browser.patch(`/channels/${ada.channelId}`, { ladder: 'off' })
})

const status = async () => (await ada.browser.get(`/channels/${ada.channelId}/live`)).body
const isState = (state: string) =>
  expect.poll(async () => (await status()).state, { timeout: 25_000, interval: 20 }).toBe(state)

const isVideo = (id: string, state: string) =>
  expect
    .poll(async () => (await api.browser().get(`/videos/${id}`)).body.state, {
      timeout: 25_000,
      interval: 20,
    })
    .toBe(state)

function encode(withKey = key): Sender {
  const sender = new Sender(live.rtmpPort, withKey, source)
  senders.add(sender)
  sender.sendUntil(SENT_MS)
  return sender
}

const closed = (sender: Sender) =>
  sender.socket.closed || new Promise((resolve) => sender.socket.once('close', resolve))

async function goLive(): Promise<{ encoder: Sender; broadcastId: string }> {
  const encoder = encode()
  await isState('live')
  return { encoder, broadcastId: (await status()).video.id }
}

const epochsOf = async (broadcastId: string) => {
  const { broadcastEpochs } = schema
  const rows = await api.library.db
    .select()
    .from(broadcastEpochs)
    .where(eq(broadcastEpochs.broadcastId, broadcastId))
  return rows.map(({ epoch }) => epoch)
}

describe('an encoder', () => {
  test('that is lost interrupts its broadcast; whoever comes next goes on with it', async () => {
    const { encoder, broadcastId } = await goLive()
    encoder.socket.destroy()
    await isState('interrupted')
    api.pass(1)
    encode()
    await isState('live')
    const { video, lastReturn } = await status()
    expect(video).toMatchObject({ id: broadcastId, interruptedUntil: null })
    expect(lastReturn).toMatchObject({ otherAddress: false })
    expect(await epochsOf(broadcastId)).toEqual([1, 2])
  })

  test('that says goodbye ends its broadcast; the next one begins another', async () => {
    const { encoder, broadcastId } = await goLive()
    await encoder.finish()
    await isState('idle')
    const again = await goLive()
    expect(again.broadcastId).not.toBe(broadcastId)
    await isVideo(broadcastId, 'ready')
  })

  test('is cut off when its creator ends the stream, and refused for a moment', async () => {
    const { encoder } = await goLive()
    await ada.browser.post(`/channels/${ada.channelId}/live/end`)
    await closed(encoder)
    await isState('idle')
    await closed(encode())
    expect((await status()).state).toBe('idle')
  })

  test('is cut off when its key is replaced; the new key works', async () => {
    const { encoder, broadcastId } = await goLive()
    const fresh = await newKey(ada)
    await closed(encoder)
    await isState('idle')
    await closed(encode())
    encode(fresh)
    await isState('live')
    expect((await status()).video.id).not.toBe(broadcastId)
  })

  test('is cut off when its channel is banned, and kept out until the ban is lifted', async () => {
    const { encoder } = await goLive()
    const path = `/channels/${ada.handle}/ban`
    await operator.browser.send('PUT', path, { reason: 'A test' })
    await closed(encoder)
    await isState('idle')
    await closed(encode())
    expect((await status()).state).toBe('idle')
    await operator.browser.delete(path)
    await goLive()
  })

  test('is refused where its broadcast was ended while it was away', async () => {
    const { encoder, broadcastId } = await goLive()
    encoder.socket.destroy()
    await isState('interrupted')
    await ada.browser.post(`/channels/${ada.channelId}/live/end`)
    expect((await status()).state).toBe('idle')
    await closed(encode())
    await isVideo(broadcastId, 'ready')
  })
})
