import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SegmentEntry } from '../media/types.ts'
import { earliestMs, fillGaps, type Left, sequenceFrom } from './resume.ts'

const START_MS = 1_795_356_000_000

function entry(
  timescale: number,
  epoch: number,
  sequence: number,
  fromMs: number,
  durationMs: number,
): SegmentEntry {
  return {
    epoch,
    sequence,
    dts: Math.round((fromMs * timescale) / 1000),
    duration: Math.round((durationMs * timescale) / 1000),
    programTimeMs: Math.round(START_MS + fromMs),
    sizeBytes: 1000,
    independent: true,
    discontinuity: false,
    gap: false,
  }
}

/** Segments of two seconds; sound ends a little after the picture. */
function left(video: readonly number[], audio: readonly number[], discontinuitySequence = 0): Left {
  return {
    renditions: [
      {
        id: 'source',
        timescale: 90_000,
        entries: video.map((n) => entry(90_000, 1, n, n * 2000, 2000)),
      },
      {
        id: 'audio',
        timescale: 44_100,
        entries: audio.map((n) =>
          entry(44_100, 1, n, n * 2000 + ((n * 7) % 23), 2000 + (((n + 1) * 7) % 23) - ((n * 7) % 23)),
        ),
      },
    ].filter(({ entries }) => entries.length > 0),
    discontinuitySequence,
  }
}

const endOf = (e: SegmentEntry, timescale: number) => e.programTimeMs + (e.duration * 1000) / timescale

describe('a new epoch', () => {
  test('begins with the first number that was reserved for it, or later when gaps would be too long', () => {
    const has = left([8, 9], [8, 9])
    const soon = START_MS + 26_000
    expect(sequenceFrom(has, { epoch: 2, firstSequence: 60 }, soon)).toBe(60)
    expect(sequenceFrom(has, { epoch: 2, firstSequence: 10 }, soon)).toBe(15)
    expect(sequenceFrom(has, { epoch: 2, firstSequence: 10 }, soon + 50_000)).toBe(40)
  })

  test('begins after all that is left, and leaves each gap some time', () => {
    const has = left([8, 9], [8])
    expect(earliestMs(has, 60)).toBe(START_MS + 20_000 + 100 + 50)
    expect(earliestMs(has, 10)).toBe(START_MS + 20_100)
  })
})

describe('what was lost', () => {
  test('is listed as gaps, in one row, from the last segment that is left to the new epoch', () => {
    const has = left([7, 8, 9], [7, 8])
    const filled = fillGaps(has, { epoch: 2, sequence: 13, programTimeMs: START_MS + 26_000 })
    const video = filled.get('source') ?? []
    expect(video.slice(0, 3)).toEqual(has.renditions[0]?.entries)
    expect(video.slice(3)).toEqual(
      [10, 11, 12].map((sequence) => ({
        ...entry(90_000, 1, sequence, sequence * 2000, 2000),
        sizeBytes: 0,
        independent: false,
        gap: true,
      })),
    )
    const audio = filled.get('audio') ?? []
    expect(audio.map(({ sequence, gap }) => [sequence, gap])).toEqual([
      [7, false],
      [8, false],
      [9, true],
      [10, true],
      [11, true],
      [12, true],
    ])
  })

  test('begins when it did, however many numbers there are for how little time', () => {
    const has = left([8, 9], [8, 9])
    const filled = fillGaps(has, { epoch: 2, sequence: 60, programTimeMs: START_MS + 25_000 })
    const gaps = filled.get('source')?.filter(({ gap }) => gap) ?? []
    expect(gaps).toHaveLength(50)
    expect(gaps.slice(0, 3).map(({ programTimeMs }) => programTimeMs - START_MS)).toEqual([
      20_000, 22_000, 24_000,
    ])
    expect(gaps.at(-1)?.programTimeMs).toBe(START_MS + 24_979)
  })

  test('goes by the header that was there', () => {
    const has = left([7], [])
    const [source] = has.renditions
    const entries = source?.entries.map((each) => ({ ...each, header: 5 })) ?? []
    const changed = { ...has, renditions: [{ id: 'source', timescale: 90_000, entries }] }
    const filled = fillGaps(changed, { epoch: 2, sequence: 10, programTimeMs: START_MS + 20_000 })
    expect(filled.get('source')?.map(({ header }) => header)).toEqual([5, 5, 5])
  })

  test('has a mark for each epoch of which nothing is left', () => {
    const has = left([7], [7], 3)
    const marks = (epoch: number) => {
      const sequence = sequenceFrom(has, { epoch, firstSequence: 9 }, START_MS + 16_000)
      const filled = fillGaps(has, { epoch, sequence, programTimeMs: START_MS + 20_000 })
      return filled.get('audio')?.filter((each) => each.discontinuity).length
    }
    expect([4, 5, 6, 7, 12].map(marks)).toEqual([0, 0, 1, 2, 7])
  })

  test('whatever it is, there is no hole in numbers or time, and renditions stay aligned', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 25 }), { minLength: 1 })
    fc.assert(
      fc.property(numbers, numbers, fc.nat(90), fc.nat(60_000), (video, audio, reserved, awayMs) => {
        const sorted = (list: number[]) => list.toSorted((a, b) => a - b)
        const has = left(sorted(video), sorted(audio))
        const last = Math.max(...video, ...audio)
        const nowMs = START_MS + (last + 1) * 2000 + awayMs
        const sequence = sequenceFrom(has, { epoch: 2, firstSequence: last + 1 + reserved }, nowMs)
        const programTimeMs = Math.max(nowMs, earliestMs(has, sequence))
        const filled = fillGaps(has, { epoch: 2, sequence, programTimeMs })
        const first = Math.min(...video, ...audio)
        const startsOf = new Map<number, number>()
        for (const { id, timescale, entries } of has.renditions) {
          const list = filled.get(id) ?? []
          expect(list.map((each) => each.sequence)).toEqual(
            Array.from({ length: sequence - first }, (_, i) => first + i),
          )
          expect(list.filter(({ gap }) => !gap)).toEqual(entries)
          for (const [i, each] of list.entries()) {
            const next = list[i + 1]?.programTimeMs ?? programTimeMs
            expect(Math.abs(endOf(each, timescale) - next)).toBeLessThanOrEqual(1.1)
            expect(endOf(each, timescale) - each.programTimeMs).toBeLessThan(4_500)
            const other = startsOf.get(each.sequence) ?? each.programTimeMs
            expect(Math.abs(other - each.programTimeMs)).toBeLessThan(55)
            startsOf.set(each.sequence, each.programTimeMs)
          }
        }
      }),
    )
  })
})
