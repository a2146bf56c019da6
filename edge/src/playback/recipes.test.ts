import { expect, test } from 'vitest'
import { sharedMaxAgeMs } from './recipes.ts'

test.each([
  ['max-age=2', 2000],
  ['public, max-age=2, s-maxage=5', 5000],
  ['s-maxage=0, max-age=9', 0],
  ['no-cache, max-age=9', 0],
  ['Private, max-age=9', 0],
  ['no-store', 0],
  ['max-age=999999999', 3_600_000],
  ['immutable', 0],
  ['', 0],
])('an answer with %j may be kept for %i ms', (cacheControl, ms) => {
  expect(sharedMaxAgeMs(cacheControl)).toBe(ms)
})
