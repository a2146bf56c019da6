import { expect, test } from 'vitest'
import { positionOf, programMsAt } from './program-clock.ts'

/** Ten seconds, an interruption of a minute that is left out, ten more. */
const segments = [0, 2, 4, 6, 8, 10, 12].map((start) => ({
  start: 100 + start,
  duration: 2,
  programDateTime: 1_000_000 + start * 1000 + (start >= 10 ? 60_000 : 0),
}))

test('a place has its program time, also before and after what is listed', () => {
  expect(programMsAt(segments, 100)).toBe(1_000_000)
  expect(programMsAt(segments, 103.5)).toBe(1_003_500)
  expect(programMsAt(segments, 110.5)).toBe(1_070_500)
  expect(programMsAt(segments, 115)).toBe(1_075_000)
  expect(programMsAt(segments, 99)).toBe(999_000)
})

test('a moment is found again', () => {
  for (const position of [100, 101.25, 109.9, 110, 113.999]) {
    expect(positionOf(segments, programMsAt(segments, position) ?? 0)).toBeCloseTo(position, 6)
  }
})

test('a moment that is not there is answered by what comes next, or by the end', () => {
  expect(positionOf(segments, 1_030_000)).toBe(110)
  expect(positionOf(segments, 0)).toBe(100)
  expect(positionOf(segments, 9_000_000)).toBe(114)
})

test('nothing is known of a playlist without dates', () => {
  const bare = [{ start: 0, duration: 2, programDateTime: null }]
  expect(programMsAt(bare, 1)).toBeNull()
  expect(positionOf(bare, 1)).toBeNull()
  expect(positionOf([], 1)).toBeNull()
})
