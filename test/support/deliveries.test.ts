import { expect, test } from 'vitest'
import { Deliveries } from './deliveries.ts'
import { withRoomForStamp, writeStamp } from './stamps.ts'

function partSentAt(timeMs: number): Buffer {
  const { tag, stampAt } = withRoomForStamp({
    type: 9,
    timestampMs: 0,
    data: Buffer.from([0x17, 1, 0, 0, 0, 1]),
  })
  const bytes = Buffer.from(tag.data)
  writeStamp(bytes, Number(stampAt), timeMs)
  return bytes
}

test('the first viewer reads when a part was sent; for the others only their arrival counts', () => {
  const deliveries = new Deliveries()
  expect(deliveries.isNew('p1')).toBe(true)
  expect(deliveries.isNew('p1')).toBe(false)
  deliveries.arrived('p1', 1_030, null)
  deliveries.arrived('p1', 1_010, partSentAt(1_000))
  expect(deliveries.lateness(900, 1_100, 2)).toEqual([30, 10])
})

test('a viewer whom a part did not reach counts as infinitely late', () => {
  const deliveries = new Deliveries()
  deliveries.isNew('p1')
  deliveries.arrived('p1', 1_010, partSentAt(1_000))
  expect(deliveries.lateness(900, 1_100, 3)).toEqual([10, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
})

test('parts that were sent outside of the span do not count', () => {
  const deliveries = new Deliveries()
  for (const sentAtMs of [899, 900, 1_099, 1_100]) {
    deliveries.isNew(`p${sentAtMs}`)
    deliveries.arrived(`p${sentAtMs}`, sentAtMs + 5, partSentAt(sentAtMs))
  }
  expect(deliveries.lateness(900, 1_100, 1)).toEqual([5, 5])
})
