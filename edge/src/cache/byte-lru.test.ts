import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteLru } from './byte-lru.ts'

test('what was used longest ago makes room', () => {
  const lru = new ByteLru<string>(3 * 1024 + 300)
  lru.set('a', 'A', 100)
  lru.set('b', 'B', 100)
  lru.set('c', 'C', 100)
  lru.get('a')
  lru.set('d', 'D', 100)
  expect([...'abcd'].map((key) => lru.get(key))).toEqual(['A', undefined, 'C', 'D'])
})

test('what is larger than the whole is not kept, and throws nothing out', () => {
  const lru = new ByteLru<string>(4096)
  lru.set('a', 'A', 100)
  lru.set('big', 'B', 4096)
  expect([lru.get('a'), lru.get('big')]).toEqual(['A', undefined])
})

test('the bound holds and the count is right, whatever comes and goes', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    size: fc.nat(6000),
    act: fc.constantFrom('set', 'get', 'delete'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const lru = new ByteLru<number>(12_000)
      for (const { key, size, act } of steps) {
        if (act === 'set') lru.set(key, size, size)
        else if (act === 'delete') lru.delete(key)
        else lru.get(key)
        expect(lru.bytes).toBeLessThanOrEqual(12_000)
      }
      const held = [...'abcdef'].flatMap((key) => lru.get(key) ?? [])
      expect(lru.bytes).toBe(held.reduce((sum, size) => sum + size + 1024, 0))
      expect(lru.size).toBe(held.length)
    }),
  )
})
