import { expect, test } from 'vitest'
import { Generations } from './generations.ts'

test('holds twice a generation at most and keeps what is still read', () => {
  const map = new Generations<number>(10)
  map.set('read', 1)
  for (let i = 0; i < 100; i++) {
    map.set(`once ${i}`, i)
    expect(map.get('read')).toBe(1)
  }
  const left = [...Array(100).keys()].filter((i) => map.get(`once ${i}`) !== undefined)
  expect(left.length).toBeLessThanOrEqual(20)
  expect(left.at(-1)).toBe(99)
})

test('what is deleted is gone from both generations', () => {
  const map = new Generations<number>(1)
  map.set('a', 1)
  map.set('b', 2)
  map.delete('a')
  map.delete('b')
  expect([map.get('a'), map.get('b')]).toEqual([undefined, undefined])
})
