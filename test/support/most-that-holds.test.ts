import { expect, test } from 'vitest'
import { mostThatHolds } from './most-that-holds.ts'

test.each([7, 55, 200, 999, 12_345])('finds %i within a tenth, from below', async (limit) => {
  const tried: number[] = []
  const most = await mostThatHolds(200, async (count) => {
    tried.push(count)
    return count <= limit
  })
  expect(most).toBeLessThanOrEqual(limit)
  expect(limit - most).toBeLessThanOrEqual(Math.max(10, limit / 10))
  expect(Math.max(...tried)).toBeLessThanOrEqual(Math.max(200, limit * 1.51))
  expect(tried.length).toBeLessThan(20)
})

test('is zero where nothing holds', async () => {
  expect(await mostThatHolds(100, async () => false)).toBe(0)
})
