import { StreamState } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { expect } from 'vitest'
import type { Creator } from '../api/testing/people.ts'
import type { TestApi } from '../api/testing/start-api.ts'
import { tokenHash } from '../tokens.ts'

export const NODE_URL = 'http://127.0.0.1:7001'
/** 2026-11-22T14:00:00Z, at the start of a minute. */
export const START_MS = 1_795_356_000_000

export async function newKey(creator: Creator): Promise<string> {
  const answer = await creator.browser.post(`/channels/${creator.channelId}/stream-key`)
  expect(answer.status).toBe(201)
  return answer.body.key
}

/** An encoder connects with a key, as the ingest node asks for it. */
export function publish(
  api: TestApi,
  key: string,
  node: { nodeUrl?: string; nodeRun?: string; remoteAddress?: string } = {},
) {
  return api.ingest.authorizePublisher({
    streamKeySha256: tokenHash(key),
    remoteAddress: '203.0.113.1',
    nodeUrl: NODE_URL,
    ...node,
  })
}

export async function report(
  api: TestApi,
  { broadcastId, epoch }: { broadcastId: string; epoch: number },
  state: StreamState,
  silentMs = 0,
) {
  const health = { width: 1280, height: 720, videoBitrateBps: 2_600_000n, frameRate: 30, uptimeMs: 1000n }
  const reports = [{ broadcastId, epoch, state, health, silentMs, nodeUrl: NODE_URL }]
  const { verdicts } = await api.ingest.reportStreams({ reports })
  return verdicts[0]
}

export const { OFFERED, LIVE, INTERRUPTED, ENDED } = StreamState

/** `count` segments of 2 s from `from` on, for the source and audio renditions. */
export function segments(timelineId: string, epoch: number, from: number, count: number) {
  return ['source', 'audio'].flatMap((renditionId) =>
    Array.from({ length: count }, (_, i) => {
      const sequence = from + i
      const timescale = renditionId === 'source' ? 90_000 : 48_000
      return {
        renditionId,
        epoch,
        sequence: BigInt(sequence),
        dts: BigInt(sequence * 2 * timescale),
        duration: 2 * timescale,
        programTimeMs: BigInt(START_MS + sequence * 2000),
        sizeBytes: renditionId === 'source' ? 650_000 : 32_000,
        independent: true,
        discontinuity: false,
        gap: false,
        locator: `timelines/${timelineId}/${renditionId}/${epoch}/s${sequence}.m4s`,
      }
    }),
  )
}

export function renditions() {
  return [
    {
      id: 'source',
      kind: 'video',
      codecs: 'avc1.64001f',
      timescale: 90_000,
      width: 1280,
      height: 720,
      frameRate: 30,
      initSegment: new TextEncoder().encode('source header'),
    },
    {
      id: 'audio',
      kind: 'audio',
      codecs: 'mp4a.40.2',
      timescale: 48_000,
      channels: 2,
      initSegment: new TextEncoder().encode('audio header'),
    },
  ]
}
