import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Code, ConnectError } from '@connectrpc/connect'
import { newId } from '@streamtube/contracts/ids.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeDisk } from '../../test/support/fake-disk.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import type { PackagerEvent } from '../media/packager.ts'
import type { BlobBody, Blobs } from '../ports/blobs/port.ts'
import { PortError } from '../ports/error.ts'
import { liveMetrics } from './metrics.ts'
import { Recorder, type RecorderOptions } from './recorder.ts'
import type { IndexBatch } from './recorder-rows.ts'
import { Spool, type SpoolEpoch } from './spool/index.ts'
import { spoolMetrics } from './spool/metrics.ts'

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

const never = new AbortController().signal
let folder: string
let id: string
let disk: FakeDisk
let spool: Spool
let epoch: SpoolEpoch
let store: Store
let batches: IndexBatch[]
let stored: number[]
let clockMs: number

function record(more: Partial<RecorderOptions> = {}): Recorder {
  return new Recorder({
    spool: epoch,
    blobs: store as unknown as Blobs,
    append: async (batch) => batches.push(structuredClone(batch)),
    onStored: (_, __, sequence) => stored.push(sequence),
    log: quietLog,
    metrics: liveMetrics(testMetrics().metrics),
    batchMs: 60_000,
    clockMs: () => clockMs,
    ...more,
  })
}

function openSpool(): Promise<Spool> {
  const metrics = spoolMetrics(testMetrics().metrics)
  const options = { folder, maxBytes: 2 ** 30, fsync: false, log: quietLog, metrics, fs: disk }
  // By its clock the disk is fast, also on a machine that stands still for a while.
  return Spool.open({ ...options, clockMs: () => 0 })
}

/** The process ended, and another one begins where it was: with the epoch that it finds. */
async function restart(recorder: Recorder): Promise<Recorder> {
  recorder.stop()
  await spool.close(never)
  spool = await openSpool()
  for await (const left of spool.left()) epoch = left
  const next = record()
  next.takeLeft()
  return next
}

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'streamtube-recorder-')), 'spool')
  id = newId()
  clockMs = 0
  disk = new FakeDisk()
  spool = await openSpool()
  epoch = spool.begin(id, 1)
  store = new Store()
  batches = []
  stored = []
})

afterEach(async () => {
  await spool.close(never)
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

const listed = () =>
  batches
    .flatMap((batch) => batch.segments)
    .map(({ sequence, gap, locator }) => [Number(sequence), gap, locator])
const key = (sequence: number) => `timelines/${id}/source/1/s${sequence}.m4s`

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

  test('stores headers and segments, then lists them in order, and leaves nothing in the spool', async () => {
    const recorder = record()
    for (const event of [header('source'), segment(1), segment(2)]) recorder.take(event)
    await recorder.drain(never)
    expect([...store.objects]).toEqual([
      [`timelines/${id}/source/1/init.mp4`, 10],
      [key(1), 100],
      [key(2), 100],
    ])
    expect(batches).toHaveLength(1)
    expect(batches[0]?.renditions.map(({ id, initSegment }) => [id, initSegment.length])).toEqual([
      ['source', 10],
    ])
    expect(listed()).toEqual([
      [1, false, key(1)],
      [2, false, key(2)],
    ])
    expect(stored).toEqual([1, 2])
    expect(recorder.warnings).toEqual([])
    await expect.poll(() => readdirSync(folder)).toEqual([])
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

  test('tells when a segment is in the spool, and only then', async () => {
    const recorder = record()
    store.hold()
    const { held } = disk.hang()
    const written = recorder.take(segment(1))
    const isWritten = written?.then(() => true)
    await held
    expect(await Promise.race([isWritten, false])).toBe(false)
    disk.recover()
    expect(await isWritten).toBe(true)
    store.release()
    await recorder.drain(never)
  })

  test('is done when the stores have all, whatever the spool’s disk does', async () => {
    const recorder = record()
    const { held } = disk.hang()
    recorder.take(segment(1))
    await held
    await recorder.drain(never)
    expect(listed()).toEqual([[1, false, key(1)]])
    disk.recover()
    await expect.poll(() => readdirSync(folder)).toEqual([])
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

  test('keeps in the spool what its memory does not hold, and stores it bit by bit', async () => {
    const recorder = record({ maxHeldBytes: 350 })
    store.hold()
    for (let sequence = 1; sequence <= 60; sequence++) await recorder.take(segment(sequence))
    expect(recorder.warnings).toEqual([])
    store.release()
    await recorder.drain(never)
    expect(listed().map(([sequence, gap]) => [sequence, gap])).toEqual(
      Array.from({ length: 60 }, (_, i) => [i + 1, false]),
    )
    expect(store.objects.get(key(60))).toBe(100)
    expect(recorder.isLosing).toBe(false)
  })

  test('gives the oldest up when neither memory nor spool can hold more, and lists them as gaps', async () => {
    disk.fail('ENOSPC')
    const recorder = record({ maxHeldBytes: 350 })
    store.hold()
    for (let sequence = 1; sequence <= 6; sequence++) await recorder.take(segment(sequence))
    expect(recorder.warnings).toEqual(['disk-full', 'recording-incomplete'])
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

  test('says when it trails the stream by more than ten seconds', async () => {
    const recorder = record()
    store.hold()
    recorder.take(segment(1))
    clockMs = 10_000
    recorder.take(segment(2))
    expect(recorder.warnings).toEqual([])
    clockMs = 10_001
    expect(recorder.warnings).toEqual(['store-behind'])
    store.release()
    await recorder.drain(never)
    expect(recorder.warnings).toEqual([])
  })

  test('says so too when only the api is away', async () => {
    let away = true
    const recorder = record({
      batchMs: 1,
      append: async (batch) => {
        if (away) throw new ConnectError('away', Code.Unavailable)
        return batches.push(batch)
      },
    })
    recorder.take(segment(1))
    await expect.poll(() => stored).toEqual([1])
    clockMs = 10_001
    expect(recorder.warnings).toEqual(['store-behind'])
    away = false
    await recorder.drain(never)
    expect(recorder.warnings).toEqual([])
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
    await expect.poll(() => readdirSync(folder)).toEqual([])
  })

  test('is waited for as long as one likes, and goes on behind that', async () => {
    const recorder = record()
    store.hold()
    recorder.take(segment(1))
    const giveUp = new AbortController()
    const drained = recorder.drain(giveUp.signal)
    giveUp.abort(new Error('the node has to go'))
    await expect(drained).rejects.toThrow('the node has to go')
    store.release()
    await expect.poll(listed).toEqual([[1, false, key(1)]])
  })

  test('leaves what no store took to the next start, which brings it up as it was', async () => {
    const recorder = record()
    store.broken = true
    recorder.take(header('source'))
    for (const sequence of [1, 2, 3]) await recorder.take(segment(sequence))
    recorder.takeLost('source', [{ ...entryOf(4), gap: true }])
    await expect(recorder.drain(AbortSignal.timeout(50))).rejects.toThrow()
    const next = await restart(recorder)
    store.broken = false
    await next.drain(never)
    expect([...store.objects]).toEqual([
      [`timelines/${id}/source/1/init.mp4`, 10],
      [key(1), 100],
      [key(2), 100],
      [key(3), 100],
    ])
    expect(batches[0]?.renditions).toHaveLength(1)
    expect(listed()).toEqual([
      [1, false, key(1)],
      [2, false, key(2)],
      [3, false, key(3)],
      [4, true, ''],
    ])
    await expect.poll(() => readdirSync(folder)).toEqual([])
  })

  test('stores what is taken at whatever moment it has just run dry', async () => {
    for (let moments = 0; moments < 40; moments++) {
      stored = []
      epoch = spool.begin(id, moments + 2)
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
      [1, false, key(1)],
      [2, true, ''],
      [3, false, key(3)],
    ])
    expect(recorder.isLosing).toBe(true)
  })
})

function entryOf(sequence: number) {
  const event = segment(sequence)
  if (event.type !== 'segment') throw new Error('a segment')
  return event.entry
}
