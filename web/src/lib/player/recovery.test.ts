import fc from 'fast-check'
import { expect, it } from 'vitest'
import { mediaRemedy, TRIES, waitBeforeRetryMs } from './recovery.ts'

it('waits longer after each failure, never more than eight seconds, never less than four fifths of it', () => {
  expect([0, 1, 2, 3, 4, 5].map((attempt) => waitBeforeRetryMs(attempt, 0))).toEqual([
    500, 1000, 2000, 4000, 8000, 8000,
  ])
  fc.assert(
    fc.property(fc.nat(5000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const wait = waitBeforeRetryMs(attempt, random)
      expect(wait).toBeGreaterThanOrEqual(400)
      expect(wait).toBeLessThanOrEqual(8000)
    }),
  )
})

it('keeps trying for about two minutes', () => {
  let all = 0
  for (let attempt = 0; attempt < TRIES; attempt++) all += waitBeforeRetryMs(attempt, 0.5)
  expect(all).toBeGreaterThan(90_000)
  expect(all).toBeLessThan(150_000)
})

it('gives a stumbling decoder a fresh start, then fresh media, then up; stumbles long ago do not count', () => {
  expect(mediaRemedy([1_000], 1_000)).toBe('restart')
  expect(mediaRemedy([1_000, 5_000], 5_000)).toBe('reload')
  expect(mediaRemedy([1_000, 5_000, 9_000], 9_000)).toBe('give-up')
  expect(mediaRemedy([1_000, 40_000], 40_000)).toBe('restart')
})
