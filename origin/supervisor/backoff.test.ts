import { expect, test } from 'vitest'
import { countDeath, HEALTHY_AFTER_MS, restartDelayMs } from './backoff.ts'

test('each death in a row waits twice as long, up to half a minute', () => {
  expect([1, 2, 3, 4, 7, 50].map(restartDelayMs)).toEqual([500, 1000, 2000, 4000, 30_000, 30_000])
})

test('a healthy minute makes the next restart quick again', () => {
  expect(countDeath(5, HEALTHY_AFTER_MS - 1)).toBe(6)
  expect(countDeath(5, HEALTHY_AFTER_MS)).toBe(1)
})
