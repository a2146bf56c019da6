import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairStore } from './fair-store.ts'

const KIB = 1024
const lasting = (group: string) => ({ group, brief: false })
const brief = (group: string) => ({ group, brief: true })

/** Bodies of a size such that entries are whole KiB. */
const body = (kib: number) => (kib - 1) * KIB

function held(store: FairStore<number>, prefix: string, count: number): number[] {
  return [...Array(count).keys()].filter((n) => store.get(`${prefix}${n}`) !== undefined)
}

test('one who fills the room pushes out its own, and nobody else’s', () => {
  const store = new FairStore<number>(1000 * KIB, () => 0)
  for (let n = 0; n < 10; n++) store.set(`live${n}`, n, body(20), brief('live'))
  for (let n = 0; n < 500; n++) store.set(`film${n}`, n, body(50), lasting('film'))
  expect(held(store, 'live', 10)).toHaveLength(10)
  expect(held(store, 'film', 500)).toEqual([...Array(16).keys()].map((n) => 484 + n))
})

test('two who both want more than there is share it', () => {
  const store = new FairStore<number>(1000 * KIB, () => 0)
  for (let n = 0; n < 100; n++) store.set(`a${n}`, n, body(10), lasting('a'))
  for (let n = 0; n < 500; n++) store.set(`b${n}`, n, body(10), lasting('b'))
  expect(store.bytesOf('a')).toBeGreaterThanOrEqual(250 * KIB)
  expect(store.bytesOf('b')).toBeGreaterThanOrEqual(250 * KIB)
})

test('what nobody has used for a minute goes before what is in use, however small its share', () => {
  let nowMs = 0
  const store = new FairStore<number>(1000 * KIB, () => nowMs)
  for (let n = 0; n < 10; n++) store.set(`old${n}`, n, body(20), lasting(`old${n}`))
  nowMs = 59_999
  for (let n = 0; n < 80; n++) store.set(`a${n}`, n, body(10), lasting('a'))
  store.set('more', 0, body(10), lasting('a'))
  expect(held(store, 'a', 80)).toHaveLength(79)
  expect(store.bytesOf('old0')).toBe(20 * KIB)
  nowMs = 60_000
  store.get('old3')
  for (let n = 0; n < 30; n++) store.set(`b${n}`, n, body(10), lasting('a'))
  expect(held(store, 'old', 10)).toEqual([3])
})

test('in one stream, segments that someone seeks through do not push out its newest parts', () => {
  const store = new FairStore<number>(1000 * KIB, () => 0)
  for (let n = 0; n < 10; n++) store.set(`part${n}`, n, body(20), brief('live'))
  for (let n = 0; n < 100; n++) store.set(`segment${n}`, n, body(100), lasting('live'))
  expect(held(store, 'part', 10)).toHaveLength(10)
  expect(held(store, 'segment', 100)).toHaveLength(8)
})

test('parts go, oldest first, when they hold more than half of what their stream has', () => {
  const store = new FairStore<number>(1000 * KIB, () => 0)
  for (let n = 0; n < 4; n++) store.set(`segment${n}`, n, body(100), lasting('live'))
  for (let n = 0; n < 100; n++) store.set(`part${n}`, n, body(20), brief('live'))
  expect(held(store, 'segment', 4)).toHaveLength(4)
  expect(held(store, 'part', 100)).toEqual([...Array(30).keys()].map((n) => 70 + n))
})

test('what was read since it came outlives what was not', () => {
  const store = new FairStore<number>(30 * KIB, () => 0)
  for (const key of ['a', 'b', 'c']) store.set(key, 1, body(10), lasting('x'))
  store.get('a')
  store.set('d', 1, body(10), lasting('x'))
  expect(['a', 'b', 'c', 'd'].map((key) => store.get(key))).toEqual([1, undefined, 1, 1])
})

test('what is larger than the whole is not kept, and throws nothing out', () => {
  const store = new FairStore<string>(4 * KIB, () => 0)
  store.set('a', 'A', 100, lasting('x'))
  store.set('exact', 'E', body(4) + 1, lasting('x'))
  expect([store.get('a'), store.get('exact')]).toEqual(['A', undefined])
  store.set('exact', 'E', body(4), lasting('x'))
  expect([store.get('a'), store.get('exact')]).toEqual([undefined, 'E'])
})

test('whatever comes and goes, the bound holds, the count is right and small groups lose nothing', () => {
  const step = fc.record({
    key: fc.nat(20),
    group: fc.constantFrom('a', 'b', 'c', 'd'),
    size: fc.nat(9000),
    isBrief: fc.boolean(),
    act: fc.constantFrom('set', 'set', 'set', 'get', 'delete'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const max = 40_000
      const store = new FairStore<number>(max, () => 0)
      const groups = ['a', 'b', 'c', 'd']
      for (const { key, group, size, isBrief, act } of steps) {
        const name = `${group}${key}`
        const before = groups.map((each) => store.bytesOf(each))
        const largest = Math.max(...before, store.bytesOf(group) + size + KIB)
        if (act === 'set') store.set(name, size, size, { group, brief: isBrief })
        else if (act === 'delete') store.delete(name)
        else store.get(name)
        expect(store.bytes).toBeLessThanOrEqual(max)
        groups.forEach((each, index) => {
          const had = before[index] ?? 0
          // Making room for one entry takes little from whoever holds much less than the largest.
          if (each !== group && had < largest / 4) expect(store.bytesOf(each)).toBeGreaterThanOrEqual(had / 2)
        })
      }
      const keys = groups.flatMap((group) => [...Array(21).keys()].map((n) => `${group}${n}`))
      const all = keys.flatMap((key) => store.get(key) ?? [])
      expect(store.bytes).toBe(all.reduce((sum, size) => sum + size + KIB, 0))
      expect(store.bytes).toBe(groups.reduce((sum, group) => sum + store.bytesOf(group), 0))
      expect(store.size).toBe(all.length)
    }),
  )
})
