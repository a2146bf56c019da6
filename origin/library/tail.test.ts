import { expect, test } from 'vitest'
import type { SegmentEntry } from '../media/types.ts'
import { tailOf } from './tail.ts'

const START_MS = 1_795_356_000_000

/** Two seconds, at the time that its number stands for. */
function entry(sequence: number, epoch: number, discontinuity = false): SegmentEntry {
  return {
    epoch,
    sequence,
    dts: sequence * 2 * 90_000,
    duration: 2 * 90_000,
    programTimeMs: START_MS + sequence * 2000,
    sizeBytes: 1000,
    independent: true,
    discontinuity,
    gap: false,
  }
}

const timeline = (...segments: SegmentEntry[]) => [
  { info: { id: 'source', kind: 'video' as const, codecs: 'avc1.64001f', timescale: 90_000 }, segments },
  {
    info: { id: 'audio', kind: 'audio' as const, codecs: 'mp4a.40.2', timescale: 90_000 },
    segments: segments.slice(0, -1),
  },
]
const at = (sequence: number) => START_MS + sequence * 2000

test('a tail begins with the first segment that is not over, the same in all renditions', () => {
  const all = timeline(entry(0, 1), entry(1, 1), entry(2, 1), entry(3, 1))
  const tail = tailOf(all, 2, at(1) + 1999)
  expect(tail.renditions.map(({ segments }) => segments.map(({ sequence }) => sequence))).toEqual([
    [1, 2, 3],
    [1, 2],
  ])
  expect(tailOf(all, 2, at(2)).renditions[0]?.segments[0]?.sequence).toBe(2)
  expect(tailOf(all, 2, at(3)).renditions.map(({ info }) => info.id)).toEqual(['source'])
  expect(tailOf(all, 2, at(4)).renditions).toEqual([])
})

test('the discontinuities before it are counted, its own is not', () => {
  const all = timeline(entry(0, 1), entry(1, 2, true), entry(2, 2), entry(3, 2, true), entry(4, 2))
  const before = (sequence: number) => tailOf(all, 3, at(sequence)).discontinuitySequence
  expect([0, 1, 2, 3, 4].map(before)).toEqual([0, 0, 1, 1, 2])
  expect(before(5)).toBe(2)
})

test('an epoch of which nothing was kept counts as well', () => {
  const all = timeline(entry(0, 1), entry(9, 4, true), entry(10, 4))
  expect(tailOf(all, 5, at(9)).discontinuitySequence).toBe(2)
  expect(tailOf(all, 5, at(10)).discontinuitySequence).toBe(3)
})

test('where all is old, or nothing was kept, the new epoch’s number is above all earlier ones', () => {
  expect(tailOf([], 3, 0).discontinuitySequence).toBe(1)
  expect(tailOf(timeline(entry(0, 1), entry(1, 1, true)), 2, at(9)).discontinuitySequence).toBe(1)
})
