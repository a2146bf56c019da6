import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { newId } from '@streamtube/contracts/ids.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FakeDisk } from '../../../test/support/fake-disk.ts'
import { quietLog, testMetrics } from '../../../test/support/origin-parts.ts'
import { createLogger, type Logger } from '../../log.ts'
import { Spool, type SpoolEpoch, type SpooledSegment } from './index.ts'
import { spoolMetrics } from './metrics.ts'
import { infoOf, mediaOf, newSpoolFolder, recordOf } from './testing.ts'

const MIB = 1024 * 1024
const never = new AbortController().signal
let folder: string
let disk: FakeDisk
let id: string
let clockMs: number
let metrics: ReturnType<typeof testMetrics>
let spool: Spool

const open = (more: { maxBytes?: number; fsync?: boolean; log?: Logger } = {}) => {
  metrics = testMetrics()
  return Spool.open({
    folder,
    maxBytes: 100 * MIB,
    fsync: false,
    log: quietLog,
    metrics: spoolMetrics(metrics.metrics),
    clockMs: () => clockMs,
    fs: disk,
    ...more,
  })
}

beforeEach(async () => {
  folder = newSpoolFolder()
  disk = new FakeDisk()
  id = newId()
  clockMs = 1_000
  spool = await open()
})

afterEach(async () => {
  disk.recover()
  await spool.close(never)
  rmSync(dirname(folder), { recursive: true, force: true })
})

async function restart(more: { maxBytes?: number } = {}): Promise<SpoolEpoch[]> {
  await spool.close(never)
  spool = await open(more)
  return await Array.fromAsync(spool.left())
}

function append(epoch: SpoolEpoch, sequence: number, sizeBytes = 1000): SpooledSegment | null {
  return epoch.append(recordOf('source', sequence, sizeBytes), mediaOf('source', sequence, sizeBytes))
}

async function write(epoch: SpoolEpoch, sequence: number, sizeBytes = 1000): Promise<SpooledSegment> {
  const segment = append(epoch, sequence, sizeBytes)
  await segment?.written
  if (!segment) throw new Error('the disk was not tried')
  return segment
}

const files = () => readdirSync(folder).sort()
const path = (sequence: number) =>
  ({ type: 'segment', timelineId: id, renditionId: 'source', epoch: 1, sequence }) as const
const isWhole = (bytes: Uint8Array | null, sequence: number) =>
  bytes !== null && Buffer.concat(mediaOf('source', sequence, bytes.byteLength)).equals(bytes)
const kept = (epochs: readonly SpoolEpoch[]) =>
  epochs.flatMap(({ segments }) => segments.map(({ record }) => Number(record.sequence)))

describe('what is in the spool', () => {
  test('can be read until it is acknowledged, bit by bit', async () => {
    const epoch = spool.begin(id, 1)
    epoch.describe(infoOf('source'))
    const segment = await write(epoch, 1)
    expect(isWhole(await spool.read(path(1)), 1)).toBe(true)
    expect(await spool.read({ ...path(1), type: 'init' })).toEqual(infoOf('source').initSegment)
    expect(await spool.read(path(2))).toBeNull()
    expect(await spool.read({ ...path(1), epoch: 2 })).toBeNull()
    segment.acknowledge()
    expect(await spool.read(path(1))).toBeNull()
  })

  test('survives the process, with the header that it needs, in the order of numbers', async () => {
    const epoch = spool.begin(id, 1)
    for (const rendition of ['source', 'audio']) {
      epoch.describe(infoOf(rendition))
      for (const sequence of [1, 2]) {
        const media = mediaOf(rendition, sequence, 500)
        await epoch.append(recordOf(rendition, sequence, 500), media)?.written
      }
    }
    const [left] = await restart()
    expect([...(left?.headers ?? [])].map((info) => info.id).sort()).toEqual(['audio', 'source'])
    expect(left?.segments.map(({ record }) => `${record.renditionId} ${record.sequence}`)).toEqual([
      'audio 1',
      'source 1',
      'audio 2',
      'source 2',
    ])
    expect(isWhole(await spool.read(path(2)), 2)).toBe(true)
    for (const segment of left?.segments ?? []) segment.acknowledge()
    await left?.close()
    await expect.poll(files).toEqual([])
  })

  test('counts as it was written last where a number came twice, also at the next start', async () => {
    const epoch = spool.begin(id, 1)
    await write(epoch, 7)
    await write(epoch, 7, 500)
    await write(epoch, 8)
    const left = await restart()
    expect(kept(left)).toEqual([7, 8])
    const bytes = await spool.read(path(7))
    expect([bytes?.byteLength, isWhole(bytes, 7)]).toEqual([500, true])
    expect(isWhole(await spool.read(path(8)), 8)).toBe(true)
  })

  test('goes by whole files: as soon as one is full and all of it acknowledged', async () => {
    const epoch = spool.begin(id, 1)
    epoch.describe(infoOf('source'))
    const segments = []
    for (let sequence = 1; sequence <= 9; sequence++) segments.push(await write(epoch, sequence, MIB))
    // Four in each file.
    expect(files()).toHaveLength(3)
    for (const segment of segments.slice(0, 3)) segment.acknowledge()
    expect(files()).toHaveLength(3)
    segments[3]?.acknowledge()
    await expect.poll(files).toHaveLength(2)
    const [left] = await restart()
    expect(kept(left ? [left] : [])).toEqual([5, 6, 7, 8, 9])
    expect([...(left?.headers ?? [])]).toHaveLength(1)
  })

  test('has a better description beside the first one, and the newest counts', async () => {
    const epoch = spool.begin(id, 1)
    epoch.describe(infoOf('source'))
    await write(epoch, 1)
    epoch.describe(infoOf('source', { frameRate: 30 }))
    await write(epoch, 2)
    const [left] = await restart()
    expect([...(left?.headers ?? [])].map(({ frameRate }) => frameRate)).toEqual([30])
  })

  test('is written whole, however small the pieces are that the disk takes', async () => {
    disk.mostPerWrite = 333
    const epoch = spool.begin(id, 1)
    epoch.describe(infoOf('source'))
    for (const sequence of [1, 2]) await write(epoch, sequence)
    await restart()
    expect(isWhole(await spool.read(path(1)), 1)).toBe(true)
    expect(isWhole(await spool.read(path(2)), 2)).toBe(true)
  })

  test('is one call to the disk for each segment', async () => {
    const epoch = spool.begin(id, 1)
    epoch.describe(infoOf('source'))
    for (const sequence of [1, 2, 3]) await write(epoch, sequence)
    expect(disk.writes).toBe(3)
  })

  test('can be synced, segment by segment', async () => {
    await spool.close(never)
    spool = await open({ fsync: true })
    await write(spool.begin(id, 1), 1)
    expect(isWhole(await spool.read(path(1)), 1)).toBe(true)
  })

  test('is nobody else’s: a second process is refused', async () => {
    await expect(open()).rejects.toMatchObject({
      code: 'in-use',
      message: expect.stringContaining('SPOOL_DIR'),
    })
  })
})

describe('a file that a crash or a bad disk has left', () => {
  async function leave(): Promise<string> {
    const epoch = spool.begin(id, 1)
    epoch.describe(infoOf('source'))
    for (const sequence of [1, 2, 3]) await write(epoch, sequence)
    await spool.close(never)
    return join(folder, files()[0] ?? '')
  }

  test('counts up to its torn end', async () => {
    const file = await leave()
    truncateSync(file, statSync(file).size - 1)
    expect(kept(await restart())).toEqual([1, 2])
  })

  test('gives what is whole behind media that are not', async () => {
    const file = await leave()
    const bytes = readFileSync(file)
    const at = bytes.indexOf('source 2 source 2')
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(file, bytes)
    expect(kept(await restart())).toEqual([1, 2, 3])
    expect(await spool.read(path(2))).toBeNull()
    expect(isWhole(await spool.read(path(3)), 3)).toBe(true)
  })

  test('is passed over when it is not the spool’s', async () => {
    await leave()
    writeFileSync(join(folder, 'notes.txt'), 'remember')
    mkdirSync(join(folder, `${id}.1.source.x.spool`))
    expect(kept(await restart())).toEqual([1, 2, 3])
    expect(files()).toContain('notes.txt')
  })
})

describe('a bound on all files', () => {
  test('gives up the oldest, of whatever stream and run, and never what was just written', async () => {
    await write(spool.begin(id, 1), 1, 3 * MIB)
    const [before] = await restart({ maxBytes: 10 * MIB })
    const other = spool.begin(newId(), 1)
    const segments = [await write(other, 1, 3 * MIB), await write(other, 2, 3 * MIB)]
    expect(before?.segments.map(({ isKept }) => isKept)).toEqual([true])
    segments.push(await write(other, 3, 3 * MIB))
    expect(before?.segments.map(({ isKept }) => isKept)).toEqual([false])
    expect(segments.map(({ isKept }) => isKept)).toEqual([true, true, true])
    segments.push(await write(other, 4, 3 * MIB))
    expect(segments.map(({ isKept }) => isKept)).toEqual([false, false, true, true])
    expect(await segments[0]?.read()).toBeNull()
    expect(isWhole((await segments[3]?.read()) ?? null, 4)).toBe(true)
    expect(await metrics.value('ingest_spool_bytes')).toBeLessThanOrEqual(10 * MIB)
    await expect.poll(files).toHaveLength(1)
  })
})

describe('a disk in trouble', () => {
  test('that is full is tried again each second, and is well when that works', async () => {
    const epoch = spool.begin(id, 1)
    epoch.describe(infoOf('source'))
    await write(epoch, 1)
    disk.fail('ENOSPC')
    expect((await write(epoch, 2)).isKept).toBe(false)
    expect([epoch.problem, await metrics.value('ingest_spool_failing')]).toEqual(['disk-full', 1])
    disk.recover()
    expect(append(epoch, 3)).toBeNull()
    clockMs += 1_000
    expect((await write(epoch, 4)).isKept).toBe(true)
    expect([epoch.problem, await metrics.value('ingest_spool_failing')]).toEqual([null, 0])
    await write(epoch, 5)
    expect(kept(await restart())).toEqual([1, 4, 5])
    for (const sequence of [1, 4, 5]) {
      expect(isWhole(await spool.read(path(sequence)), sequence)).toBe(true)
    }
  })

  test('that is full again and again is not told of each time', async () => {
    const said: string[] = []
    const log = createLogger({ process: 'test', stream: { write: (line) => said.push(line) } })
    await spool.close(never)
    spool = await open({ log })
    const epoch = spool.begin(id, 1)
    for (let times = 0; times < 5; times++) {
      disk.fail('ENOSPC')
      await write(epoch, times)
      disk.recover()
      clockMs += 1_000
      await write(epoch, times + 10)
    }
    expect(said).toHaveLength(2)
    clockMs += 60_000
    disk.fail('ENOSPC')
    await write(epoch, 20)
    expect(said).toHaveLength(3)
  })

  test('that fails otherwise is said to', async () => {
    const epoch = spool.begin(id, 1)
    disk.fail('EIO')
    await write(epoch, 1)
    expect(epoch.problem).toBe('spool-failing')
  })

  test('that hangs is given nothing more until it answers, and what it then has counts', async () => {
    const epoch = spool.begin(id, 1)
    const { held } = disk.hang()
    const segment = append(epoch, 1)
    await held
    // Real time: it is the timer of the write that says so.
    await expect.poll(() => epoch.problem).toBe('spool-failing')
    clockMs += 60_000
    expect(append(epoch, 2)).toBeNull()
    disk.recover()
    await segment?.written
    expect(segment?.isKept).toBe(true)
    expect(epoch.problem).toBe('spool-failing')
    await write(epoch, 3)
    expect(epoch.problem).toBeNull()
    expect(kept(await restart())).toEqual([1, 3])
  })

  test('does not keep a node that ends', async () => {
    const epoch = spool.begin(id, 1)
    const { held } = disk.hang()
    append(epoch, 1)
    await held
    await spool.close(AbortSignal.abort())
  })

  test('writes two segments at a time, and all in turn', async () => {
    const epoch = spool.begin(id, 1)
    const { held } = disk.hang()
    const segments = ['a', 'b', 'c', 'd'].map((rendition) =>
      epoch.append(recordOf(rendition, 1, 100), mediaOf(rendition, 1, 100)),
    )
    await held
    await expect.poll(() => files().length).toBe(2)
    disk.recover()
    await Promise.all(segments.map((segment) => segment?.written))
    expect(files()).toHaveLength(4)
    expect(segments.every((segment) => segment?.isKept)).toBe(true)
  })
})
