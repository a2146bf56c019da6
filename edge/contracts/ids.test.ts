import fc from 'fast-check'
import { expect, test } from 'vitest'
import { idSchema, isId, makeId, newId, timeOfId } from './ids.ts'

const random = fc.uint8Array({ minLength: 10, maxLength: 10 })
const time = fc.nat(2 ** 47)

test('an id is well formed and safe in an address', () => {
  fc.assert(
    fc.property(time, random, (nowMs, bytes) => {
      const id = makeId(nowMs, bytes)
      expect(isId(id)).toBe(true)
      expect(idSchema.parse(id)).toBe(id)
      expect(encodeURIComponent(id)).toBe(id)
    }),
  )
})

test('ids sort by the time they were made', () => {
  fc.assert(
    fc.property(time, fc.nat(2 ** 40), random, random, (nowMs, later, one, two) => {
      expect(makeId(nowMs, one) < makeId(nowMs + later + 1, two)).toBe(true)
    }),
  )
})

test('different random bytes make different ids', () => {
  fc.assert(
    fc.property(random, random, (one, two) => {
      fc.pre(one.some((byte, index) => byte !== two[index]))
      expect(makeId(0, one)).not.toBe(makeId(0, two))
    }),
  )
  expect(new Set([...Array(1000)].map(() => newId())).size).toBe(1000)
})

test.each([
  '',
  'x',
  42,
  null,
  undefined,
  '8zzzzzzzzzzzzzzzzzzzzzzzzz',
  '01M81RWZR00000000000000002',
  ' '.repeat(26),
])('%j is no id', (value) => {
  expect(isId(value)).toBe(false)
})

test('an id says when it was made', () => {
  for (const nowMs of [0, 1_764_000_000_123, 2 ** 48 - 1]) {
    expect(timeOfId(makeId(nowMs, new Uint8Array(10)))).toBe(nowMs)
  }
})
