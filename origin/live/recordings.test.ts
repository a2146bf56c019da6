import { readdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Code, ConnectError } from '@connectrpc/connect'
import { newId } from '@streamtube/contracts/ids.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import type { BlobBody, Blobs } from '../ports/blobs/port.ts'
import { PortError } from '../ports/error.ts'
import type { IngestApi } from './ingest-api.ts'
import { liveMetrics } from './metrics.ts'
import type { IndexBatch } from './recorder-rows.ts'
import { Recordings } from './recordings.ts'
import { spoolMetrics } from './spool/metrics.ts'
import { newSpoolFolder } from './spool/testing.ts'

const soon = () => AbortSignal.timeout(5_000)
const noOne = () => {}
let folder: string
let recordings: Recordings
let objects: Map<string, Buffer>
let rows: [epoch: number, sequence: number][]
/** Ids that the api doesn't know. */
let unknown: Set<string>
let storeAway: boolean
let apiAway: boolean

async function open(): Promise<Recordings> {
  const { metrics } = testMetrics()
  const put = async (key: string, body: BlobBody) => {
    if (storeAway) throw new PortError('blobs', 'unavailable', 'away')
    objects.set(key, Buffer.concat(body as Uint8Array[]))
    return { written: true, sizeBytes: 0 }
  }
  const appendIndex = async ({ timelineId, epoch, segments }: IndexBatch) => {
    if (apiAway) throw new ConnectError('away', Code.Unavailable)
    if (unknown.has(timelineId)) throw new ConnectError('There is no such broadcast', Code.NotFound)
    rows.push(...segments.map(({ sequence }): [number, number] => [epoch, Number(sequence)]))
    return {}
  }
  return await Recordings.open({
    // By its clock the disk is fast, also on a machine that stands still for a while.
    spool: { folder, maxBytes: 2 ** 26, fsync: false, metrics: spoolMetrics(metrics), clockMs: () => 0 },
    blobs: { put } as unknown as Blobs,
    api: { appendIndex } as unknown as IngestApi,
    log: quietLog,
    metrics: liveMetrics(metrics),
  })
}

beforeEach(async () => {
  folder = newSpoolFolder()
  objects = new Map()
  rows = []
  unknown = new Set()
  storeAway = false
  apiAway = false
  recordings = await open()
})

afterEach(async () => {
  await recordings.close(soon())
  rmSync(dirname(folder), { recursive: true, force: true })
})

async function record(timelineId: string, epoch: number, sequences: readonly number[]): Promise<void> {
  const recorder = recordings.open({ timelineId, epoch, onStored: noOne, log: quietLog })
  const rendition = { id: 'source', kind: 'video', codecs: 'avc1.64001f', timescale: 90_000 } as const
  recorder.take({ type: 'rendition', epoch, rendition, init: new Uint8Array(10) })
  for (const sequence of sequences) {
    const media = Buffer.from(`media ${sequence}`)
    await recorder.take({
      type: 'segment',
      epoch,
      renditionId: 'source',
      entry: {
        epoch,
        sequence,
        dts: 0,
        duration: 180_000,
        programTimeMs: 0,
        sizeBytes: media.byteLength,
        independent: true,
        discontinuity: false,
        gap: false,
      },
      chunks: [media],
    })
  }
}

async function restart(): Promise<void> {
  await recordings.close(soon())
  recordings = await open()
}

const files = () => readdirSync(folder)
const segment = (timelineId: string, sequence: number) =>
  ({ type: 'segment', timelineId, renditionId: 'source', epoch: 1, sequence }) as const

test('what earlier runs left is stored and listed at the start, epoch by epoch, and leaves the spool', async () => {
  storeAway = true
  const id = newId()
  await record(id, 1, [1, 2])
  await record(id, 2, [1000])
  await restart()
  storeAway = false
  await recordings.replay(20_000)
  expect(rows).toEqual([
    [1, 1],
    [1, 2],
    [2, 1000],
  ])
  expect(objects.get(`timelines/${id}/source/1/s2.m4s`)?.toString()).toBe('media 2')
  expect(objects.has(`timelines/${id}/source/2/init.mp4`)).toBe(true)
  await expect.poll(files).toEqual([])
})

test('while the stores are away encoders wait no longer than told, and what is listed can be read meanwhile', async () => {
  storeAway = true
  const id = newId()
  await record(id, 1, [1])
  await restart()
  await recordings.replay(30)
  await expect.poll(async () => (await recordings.read(segment(id, 1)))?.toString()).toBe('media 1')
  expect(rows).toEqual([])
  storeAway = false
  await expect.poll(() => rows, { timeout: 20_000 }).toEqual([[1, 1]])
  await expect.poll(() => recordings.read(segment(id, 1))).toBeNull()
})

test('the api may be away just as well, and the process end again', async () => {
  apiAway = true
  const id = newId()
  await record(id, 1, [1])
  await restart()
  await recordings.replay(30)
  await restart()
  apiAway = false
  await recordings.replay(20_000)
  expect(rows).toEqual([[1, 1]])
})

test('of a broadcast that the api does not know nothing is uploaded, and its files are deleted', async () => {
  storeAway = true
  const [gone, known] = [newId(), newId()]
  await record(gone, 1, [1])
  await record(known, 1, [2])
  await restart()
  storeAway = false
  unknown.add(gone)
  await recordings.replay(20_000)
  expect(rows).toEqual([[1, 2]])
  expect([...objects.keys()].filter((key) => key.includes(gone))).toEqual([])
  await expect.poll(files).toEqual([])
})
