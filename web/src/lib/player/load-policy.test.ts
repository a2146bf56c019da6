import { expect, it } from 'vitest'
import { mayRetry } from './load-policy.ts'

const config = { maxNumRetry: 3 }
const asked = (code: number | undefined, { count = 0, isTimeout = false, wouldRetry = false } = {}) =>
  mayRetry(config, count, isTimeout, code === undefined ? undefined : { code }, wouldRetry)

it('makes a request again whose connection was reset, that took too long or came too often', () => {
  expect(asked(0)).toBe(true)
  expect(asked(undefined, { isTimeout: true })).toBe(true)
  expect(asked(429)).toBe(true)
  expect(asked(503, { wouldRetry: true })).toBe(true)
})
it('takes a no for a no', () => {
  for (const code of [400, 403, 404, 410]) expect(asked(code), String(code)).toBe(false)
})
it('ends some time', () => {
  expect(asked(0, { count: 2 })).toBe(true)
  expect(asked(0, { count: 3 })).toBe(false)
  expect(asked(503, { count: 3, wouldRetry: true })).toBe(false)
})
