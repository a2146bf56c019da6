import { describe, expect, test } from 'vitest'
import type { RenditionTimeline } from '../media/timeline.ts'
import { endPosition, goingOn, positionOf, programTimeOf, stretchesOf } from './positions.ts'

const START_MS = 1_795_356_000_000

/** Five segments of 2 s; the third is a gap, and what follows it came a minute later. */
const rendition: RenditionTimeline = {
  info: { id: 'source', kind: 'video', codecs: '', timescale: 90_000 },
  segments: [0, 2_000, 4_000, 66_000, 68_000].map((afterMs, sequence) => ({
    epoch: 1,
    sequence,
    dts: 0,
    duration: 180_000,
    programTimeMs: START_MS + afterMs,
    sizeBytes: 1,
    independent: true,
    discontinuity: false,
    gap: sequence === 2,
  })),
}
const stretches = stretchesOf(rendition)

describe('the place of a moment in a video', () => {
  test.each([
    [-5_000, 0],
    [0, 0],
    [3_999, 3_999],
    [4_000, 4_000],
    [30_000, 4_000],
    [66_000, 4_000],
    [67_500, 5_500],
    [70_000, 8_000],
    [99_000, 8_000],
  ])('%i ms after its start is %i ms into it', (afterMs, positionMs) => {
    expect(positionOf(stretches, START_MS + afterMs)).toBe(positionMs)
  })

  test('leaves out what nobody can see', () => expect(endPosition(stretches)).toBe(8_000))
})

describe('the moment at a place', () => {
  test('is found again', () => {
    for (const at of [0, 1, 3_999, 4_001, 7_999]) {
      const moment = programTimeOf(stretches, at, 'start')
      expect(moment === null ? null : positionOf(stretches, moment)).toBe(at)
    }
  })

  test('where a break was: a clip that begins there begins after it, one that ends there ends before it', () => {
    expect(programTimeOf(stretches, 4_000, 'start')).toBe(START_MS + 66_000)
    expect(programTimeOf(stretches, 4_000, 'end')).toBe(START_MS + 4_000)
  })

  test('is not there outside', () => {
    expect(programTimeOf(stretches, -1, 'start')).toBeNull()
    expect(programTimeOf(stretches, 8_000, 'start')).toBeNull()
    expect(programTimeOf(stretches, 8_000, 'end')).toBe(START_MS + 70_000)
    expect(programTimeOf(stretches, 8_001, 'end')).toBeNull()
    expect(programTimeOf([], 0, 'end')).toBeNull()
  })
})

test('what goes on has a later end, and no other start', () => {
  const longer = goingOn(stretches, START_MS + 71_500)
  expect(endPosition(longer)).toBe(9_500)
  expect(positionOf(longer, START_MS + 71_000)).toBe(9_000)
  expect(goingOn(stretches, START_MS)).toEqual(stretches)
  expect(goingOn([], START_MS)).toEqual([])
})
