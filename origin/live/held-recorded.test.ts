import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { StreamState } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeDisk } from '../../test/support/fake-disk.ts'
import { HeldStage, leave } from '../../test/support/held-stage.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { audioEvents, audioTrack, interleave, videoEvents, videoTrack } from '../media/test-samples.ts'
import type { SourceEvent } from '../media/types.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { liveMetrics } from './metrics.ts'
import type { IndexBatch } from './recorder-rows.ts'
import { Recordings } from './recordings.ts'
import { spoolMetrics } from './spool/metrics.ts'
import { newSpoolFolder } from './spool/testing.ts'

// Broadcasts that are archived, with a store and a disk that are slow at will.

const START_MS = 1_795_356_000_000

let folder: string
let disk: FakeDisk
let recordings: Recordings
let stage: HeldStage
let rows: number
/** What puts wait for. */
let store: PromiseWithResolvers<void>

beforeEach(async () => {
  vi.useFakeTimers({ now: START_MS, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  folder = newSpoolFolder()
  disk = new FakeDisk()
  rows = 0
  store = Promise.withResolvers()
  const { metrics } = testMetrics()
  const put = async () => {
    await store.promise
    return { written: true, sizeBytes: 0 }
  }
  const appendIndex = async ({ segments }: IndexBatch) => {
    rows += segments.length
    return {}
  }
  recordings = await Recordings.open({
    spool: {
      folder,
      maxBytes: 2 ** 26,
      fsync: false,
      fs: disk,
      metrics: spoolMetrics(metrics),
      clockMs: () => 0,
    },
    blobs: { put } as unknown as Blobs,
    api: { appendIndex } as never,
    log: quietLog,
    metrics: liveMetrics(metrics),
  })
  stage = new HeldStage(recordings)
})
afterEach(async () => {
  store.resolve()
  disk.recover()
  await stage.close()
  await recordings.close(new AbortController().signal)
  vi.useRealTimers()
  rmSync(dirname(folder), { recursive: true, force: true })
})

function show(seconds: number): SourceEvent[] {
  const audio = audioTrack()
  return [
    { type: 'track', track: videoTrack(30) },
    { type: 'track', track: audio },
    ...interleave(videoEvents({ fps: 30, seconds }), audioEvents(audio, seconds)),
  ]
}

/** A ceiling for machines that stand still. */
const eventually = (see: () => void) => vi.waitFor(see, { timeout: 20_000 })
const isReported = () => stage.reported.some(({ state }) => state === StreamState.ENDED)

test('a goodbye is told though the store takes nothing; what is left is kept once it does', async () => {
  const encoder = stage.admit({ archive: true })
  await stage.publish(encoder, show(7))
  leave(encoder, 'finished')
  await eventually(() => expect(isReported()).toBe(true))
  expect(rows).toBe(0)
  expect(stage.playlist('source')).toContain('#EXT-X-ENDLIST')
  store.resolve()
  await eventually(() => expect(rows).toBe(8))
})

test('a goodbye is told behind all that a store takes which is well', async () => {
  const encoder = stage.admit({ archive: true })
  await stage.publish(encoder, show(7))
  leave(encoder, 'finished')
  await eventually(() => expect(stage.playlist('source')).toContain('#EXT-X-ENDLIST'))
  // Fewer turns than the steps for which the store is waited for.
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(isReported()).toBe(false)
  store.resolve()
  await eventually(() => expect(isReported()).toBe(true))
  expect(rows).toBe(8)
})

test('no gap comes before a segment that still waits for the disk when another encoder takes over', async () => {
  store.resolve()
  const first = stage.admit({ archive: true })
  await stage.publish(first, show(5))
  await stage.pass(6_000)
  disk.hang()
  const second = stage.admit({ archive: true, epoch: 2 })
  await stage.pass(400)
  await stage.publish(second, show(3))
  for (const id of ['source', 'audio']) {
    expect(stage.playlist(id)).toMatch(/\/1\/s2\.m4s\n(#.*\n)*#EXT-X-GAP/)
    const sequences = stage.timeline?.snapshot(id)?.segments.map(({ entry }) => entry.sequence) ?? []
    expect(sequences).toEqual(sequences.map((_, i) => i))
  }
})
