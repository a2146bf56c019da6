import { describe, expect, it } from 'vitest'
import type { SegmentEntry } from '../media/types.ts'
import { freeable, leaveOf } from './thin.ts'

function entry(sequence: number, more: Partial<SegmentEntry> = {}): SegmentEntry {
  const times = { dts: sequence * 180_000, duration: 180_000, programTimeMs: sequence * 2000 }
  const marks = { independent: true, discontinuity: false, gap: false }
  return { epoch: 1, sequence, ...times, sizeBytes: 500, ...marks, ...more }
}

const numbers = (entries: readonly SegmentEntry[]) => entries.map(({ sequence }) => sequence)
const made = (count: number) => Array.from({ length: count }, (_, i) => entry(i))

describe('what can be freed', () => {
  it('is all that has bytes and lies in no range that is held', () => {
    const entries = [...made(8), entry(8, { gap: true, sizeBytes: 0 })]
    const held = [
      { first: 1, last: 2 },
      { first: 2, last: 4 },
    ]
    expect(numbers(freeable(entries, held))).toEqual([0, 5, 6, 7])
    expect(numbers(freeable(entries, []))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })
})

describe('what the index still says then', () => {
  const entries = [
    entry(0),
    entry(1, { discontinuity: true, header: 1 }),
    entry(2, { header: 1 }),
    entry(3, { gap: true, sizeBytes: 0 }),
    entry(4),
  ]
  const freed = new Set([0, 1, 2])

  it('is nothing of what is gone for good', () => {
    expect(leaveOf(entries.slice(0, 4), { held: [], freed, keepMarks: false })).toEqual([])
  })

  it('is what came in since the bytes were looked at', () => {
    expect(numbers(leaveOf(entries, { held: [], freed, keepMarks: false }))).toEqual([4])
  })

  it('is what is held, and where a header or a discontinuity begins that it counts from', () => {
    const left = leaveOf(entries, { held: [{ first: 4, last: 4 }], freed, keepMarks: true })
    expect(left).toEqual([
      { ...entry(1, { discontinuity: true, header: 1 }), gap: true, independent: false, sizeBytes: 0 },
      entry(4),
    ])
    expect(freeable(left, [{ first: 4, last: 4 }])).toEqual([])
  })
})
