import { Code, ConnectError } from '@connectrpc/connect'
import { beforeEach, describe, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import type { PackagerEvent } from '../media/packager.ts'
import type { BlobBody, Blobs } from '../ports/blobs/port.ts'
import { PortError } from '../ports/error.ts'
import { liveMetrics } from './metrics.ts'
import { type IndexBatch, Recorder, type RecorderOptions } from './recorder.ts'

/** A store whose puts wait while it is closed, and fail while it is broken. */
class Store {
  readonly objects = new Map<string, number>()
  broken = false
  #open: Promise<void> = Promise.resolve()
  #release: () => void = () => {}

  hold(): void {
    this.#open = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  release(): void {
    this.#release()
  }

  async put(key: string, body: BlobBody) {
    await this.#open
    if (this.broken) throw new PortError('blobs', 'unavailable', 'away')
    const sizeBytes = (body as Uint8Array[]).reduce((sum, chunk) => sum + chunk.length, 0)
    this.objects.set(key, sizeBytes)
    return { written: true, sizeBytes }
  }
}

const header = (id: string): PackagerEvent => ({
  type: 'rendition',
  epoch: 1,
  rendition: { id, kind: 'video', codecs: 'avc1.64001f', timescale: 90_000 },
  init: new Uint8Array(10),
})
const segment = (sequence: number, sizeBytes = 100): PackagerEvent => ({
  type: 'segment',
  epoch: 1,
  renditionId: 'source',
  entry: {
    epoch: 1,
    sequence,
    dts: sequence * 180_000,
    duration: 180_000,
    programTimeMs: sequence * 2_000,
    sizeBytes,
    independent: true,
    discontinuity: false,
    gap: false,
  },
  chunks: [new Uint8Array(sizeBytes / 2), new Uint8Array(sizeBytes / 2)],
})

let store: Store
let batches: IndexBatch[]
let stored: number[]
const never = new AbortController().signal

function record(more: Partial<RecorderOptions> = {}): Recorder {
  return new Recorder({
    timelineId: 'T',
    epoch: 1,
    blobs: store as unknown as Blobs,
    append: async (batch) => batches.push(structuredClone(batch)),
    onStored: (_, __, sequence) => stored.push(sequence),
    log: quietLog,
    metrics: liveMetrics(testMetrics().metrics),
    batchMs: 60_000,
    ...more,
  })
}

beforeEach(() => {
  store = new Store()
  batches = []
  stored = []
})

const listed = () =>
  batches
    .flatMap((batch) => batch.segments)
    .map(({ sequence, gap, locator }) => [Number(sequence), gap, locator])

describe('a recorder', () => {
  test('lists no more headers at a time than the api takes, and no segment before its header', async () => {
    const recorder = record()
    const headers = Array.from({ length: 130 }, (_, i) => ({ ...header('source'), header: i + 1 }))
    for (const event of [...headers, segment(130)]) recorder.take(event)
    await recorder.drain(never)
    expect(batches.map(({ renditions, segments }) => [renditions.length, segments.length])).toEqual([
      [64, 0],
      [64, 0],
      [2, 1],
    ])
  })

  test('stores headers and segments, then lists them in order', async () => {
    const recorder = record()
    for (const event of [header('source'), segment(1), segment(2)]) recorder.take(event)
    await recorder.drain(never)
    expect([...store.objects]).toEqual([
      ['timelines/T/source/1/init.mp4', 10],
      ['timelines/T/source/1/s1.m4s', 100],
      ['timelines/T/source/1/s2.m4s', 100],
    ])
    expect(batches).toHaveLength(1)
    expect(batches[0]?.renditions.map(({ id, initSegment }) => [id, initSegment.length])).toEqual([
      ['source', 10],
    ])
    expect(listed()).toEqual([
      [1, false, 'timelines/T/source/1/s1.m4s'],
      [2, false, 'timelines/T/source/1/s2.m4s'],
    ])
    expect(stored).toEqual([1, 2])
    expect(recorder.isLosing).toBe(false)
  })

  test('lists what it has in batches while the stream goes on', async () => {
    const recorder = record({ batchMs: 5 })
    recorder.take(segment(1))
    await expect.poll(listed).toHaveLength(1)
    recorder.take(segment(2))
    await expect.poll(listed).toHaveLength(2)
    await recorder.drain(never)
    expect(batches).toHaveLength(2)
  })

  test('waits for a store that is away, and loses nothing', async () => {
    const recorder = record()
    store.broken = true
    for (const event of [header('source'), segment(1), segment(2)]) recorder.take(event)
    const drained = recorder.drain(never)
    store.broken = false
    await drained
    expect(listed().map(([sequence]) => sequence)).toEqual([1, 2])
  })

  test('gives the oldest up when too much waits, and lists them as gaps', async () => {
    const recorder = record({ maxQueuedBytes: 350 })
    store.hold()
    for (let sequence = 1; sequence <= 6; sequence++) recorder.take(segment(sequence))
    expect(recorder.isLosing).toBe(true)
    store.release()
    await recorder.drain(never)
    // The first was on its way already; of the others the newest fit.
    expect(listed().map(([sequence, gap]) => [sequence, gap])).toEqual([
      [1, false],
      [2, true],
      [3, true],
      [4, true],
      [5, false],
      [6, false],
    ])
    expect(stored).toEqual([1, 5, 6])
  })

  test('sends rows again until the api has them', async () => {
    let failures = 2
    const recorder = record({
      append: async (batch) => {
        if (failures-- > 0) throw new ConnectError('away', Code.Unavailable)
        return batches.push(batch)
      },
    })
    recorder.take(segment(1))
    await recorder.drain(never)
    expect(listed()).toHaveLength(1)
  })

  test('does not insist where rows are refused', async () => {
    let calls = 0
    const recorder = record({
      append: async () => {
        calls++
        throw new ConnectError('an older epoch', Code.FailedPrecondition)
      },
    })
    recorder.take(segment(1))
    await recorder.drain(never)
    expect([calls, recorder.isLosing]).toEqual([1, true])
  })

  test('ends when it is given up, whatever is left', async () => {
    const recorder = record()
    store.broken = true
    recorder.take(segment(1))
    await recorder.drain(AbortSignal.timeout(50)).catch(() => {})
    expect(recorder.isLosing).toBe(true)
    recorder.take(segment(2))
    expect(store.objects.size).toBe(0)
  })

  test('stores what is taken at whatever moment it has just run dry', async () => {
    for (let moments = 0; moments < 40; moments++) {
      stored = []
      const recorder = record()
      recorder.take(segment(1))
      for (let i = 0; i < moments; i++) await null
      recorder.take(segment(2))
      await recorder.drain(never)
      expect(stored, `after ${moments} turns`).toEqual([1, 2])
    }
  })

  test('lists a segment that the store refuses for good as a gap, so that the renditions stay aligned', async () => {
    const recorder = record()
    const put = store.put.bind(store)
    store.put = async (key, body) => {
      if (key.endsWith('/s2.m4s')) throw new PortError('blobs', 'conflict', 'something else is there')
      return await put(key, body)
    }
    for (const event of [header('source'), segment(1), segment(2), segment(3)]) recorder.take(event)
    await recorder.drain(never)
    expect(listed()).toEqual([
      [1, false, 'timelines/T/source/1/s1.m4s'],
      [2, true, ''],
      [3, false, 'timelines/T/source/1/s3.m4s'],
    ])
    expect(recorder.isLosing).toBe(true)
  })
})
