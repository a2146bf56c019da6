import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IngestApiServer, SERVICE_TOKEN } from '../../test/support/ingest-api.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { chunked, publishCommands, RtmpClient, setChunkSize } from '../../test/support/rtmp-client.ts'
import { accessUnit, nal, videoTrack } from '../media/test-samples.ts'
import { openFileBlobs } from '../ports/blobs/file.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { connectRpc } from '../rpc/client.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'
import { type Live, startLive } from './index.ts'

const MIB = 1024 * 1024
const folder = mkdtempSync(join(tmpdir(), 'streamtube-endless-'))
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

const video = (intro: number[], data: Uint8Array) =>
  chunked(
    { chunkStream: 6, type: 9, messageStream: 1, payload: Buffer.concat([Buffer.from(intro), data]) },
    8 * MIB,
  )

test('an encoder whose clock stands still is cut off before its endless segment fills the memory', async () => {
  api.addStream('still')
  const client = new RtmpClient(live.rtmpPort)
  await client.shakeHands()
  client.write(publishCommands('still'))
  await client.hears('NetStream.Publish.Start')
  client.write(setChunkSize(8 * MIB))
  client.write(video([0x17, 0, 0, 0, 0], videoTrack().config))
  const frame = video([0x17, 1, 0, 0, 0], accessUnit(nal(5, MIB)))
  for (let sent = 0; sent < 200; sent++) {
    if (client.socket.destroyed) break
    if (!client.socket.write(frame))
      await new Promise((resolve) => client.socket.once('drain', resolve).once('close', resolve))
  }
  await client.closed
  expect(client.said).toContain('NetStream.Publish.Failed')
})
