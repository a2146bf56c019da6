import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { waitFor } from './wait-for.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('waits no longer than it may', async () => {
  let over = false
  const waiting = waitFor(new Promise(() => {}), 1_000).then(() => {
    over = true
  })
  await vi.advanceTimersByTimeAsync(999)
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await waiting
  expect(vi.getTimerCount()).toBe(0)
})

test('is over with what it waits for, and leaves no timer', async () => {
  await waitFor(Promise.resolve(), 1_000)
  expect(vi.getTimerCount()).toBe(0)
})
