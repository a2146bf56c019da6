import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostileCases } from '../../test/support/corpus/cases.ts'
import { publishScript } from '../../test/support/corpus/publish.ts'
import type { Script } from '../../test/support/corpus/script.ts'
import { IngestApiServer, SERVICE_TOKEN } from '../../test/support/ingest-api.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { connectRpc } from '../rpc/client.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'
import { type Live, startLive } from './index.ts'

// Encoders that change what they send in mid-stream, over a socket; the corpus has the timelines.

const folder = mkdtempSync(join(tmpdir(), 'streamtube-changes-'))
const api = new IngestApiServer()
let live: Live
let blobs: Blobs
let rpc: ReturnType<typeof connectRpc<typeof IngestService>>

beforeAll(async () => {
  await api.start()
  blobs = await openFileBlobs({ folder })
  const url = `http://127.0.0.1:${api.port}`
  rpc = connectRpc(IngestService, { url, serviceToken: SERVICE_TOKEN, deadlineMs: 2_000 })
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
    metrics: testMetrics().metrics,
  })
})

afterAll(async () => {
  await live.close(AbortSignal.timeout(5_000))
  rpc.close()
  await api.close()
  await blobs.close()
  rmSync(folder, { recursive: true, force: true })
})

async function scriptOf(name: string): Promise<Script> {
  const cues = await hostileCases.find((hostile) => hostile.name === name)?.make()
  // Ten times as fast as it was: nothing here is about time.
  return (cues ?? []).map((cue) => ({ ...cue, atMs: cue.atMs / 10 }))
}

const until = (condition: () => boolean) =>
  expect.poll(condition, { timeout: 20_000, interval: 50 }).toBe(true)

test('a new picture size is kept with a header of its own, in every rendition', async () => {
  const stream = api.addStream('size')
  await publishScript(live.rtmpPort, 'size', await scriptOf('another picture size in mid-stream'))
  await until(() => api.hasEnded(stream))
  const segments = api.segmentsOf(stream)
  const renditions = api.appends
    .filter(({ timelineId }) => timelineId === stream.broadcastId)
    .flatMap((batch) => batch.renditions)
  for (const id of ['source', 'audio']) {
    const own = segments.filter(({ renditionId }) => renditionId === id)
    const turn = own[3]
    expect(own.map(({ discontinuity }) => discontinuity).indexOf(true)).toBe(3)
    expect(own.map(({ header }) => header === turn?.sequence)).toEqual(own.map((_, i) => i >= 3))
    const stored = await readFile(
      join(folder, `timelines/${stream.broadcastId}/${id}/1/init-${turn?.sequence}.mp4`),
    )
    const sent = renditions.find((each) => each.id === id && each.header === turn?.sequence)
    expect(stored.equals(Buffer.from(sent?.initSegment ?? []))).toBe(true)
  }
  expect(renditions.filter(({ id }) => id === 'source').at(-1)).toMatchObject({ width: 640, height: 360 })
})

test('captions are told to the index', async () => {
  const stream = api.addStream('captions')
  await publishScript(live.rtmpPort, 'captions', await scriptOf('608 captions'))
  await until(() => api.hasEnded(stream))
  const sent = api.appends
    .filter(({ timelineId }) => timelineId === stream.broadcastId)
    .flatMap((batch) => batch.renditions)
  expect(sent.findLast(({ id }) => id === 'source')?.captions).toBe(true)
})

test.each([
  ['HEVC', 9, [0x1c, 1, 0, 0, 0, 0]],
  ['MP3', 8, [0x2f, 0, 0, 0, 0]],
])(
  'an encoder that goes over to %s is told so, and what it sent before is kept',
  async (codec, type, bytes) => {
    const stream = api.addStream(codec)
    const cues = await scriptOf('a key frame every second')
    const at = cues.findIndex(({ trueMs }) => trueMs > 5000)
    const [before] = cues.slice(at - 1)
    if (!before) throw new Error('the script is too short')
    const other = { ...before, tag: { ...before.tag, type, data: Uint8Array.from(bytes) } }
    const published = publishScript(live.rtmpPort, codec, [...cues.slice(0, at), other, ...cues.slice(at)])
    await expect(published).rejects.toThrow(new RegExp(`NetStream.Publish.Failed.*${codec}`, 's'))
    await until(() => api.hasEnded(stream))
    for (const id of ['source', 'audio']) {
      const own = api.segmentsOf(stream).filter(({ renditionId }) => renditionId === id)
      const timescale = id === 'source' ? 90_000 : 48_000
      const seconds = own.reduce((sum, { duration }) => sum + duration, 0) / timescale
      expect(seconds).toBeCloseTo(5, 0)
      expect(own.every(({ gap }) => !gap)).toBe(true)
    }
  },
)
