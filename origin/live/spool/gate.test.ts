import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PackagerEvent } from '../../media/packager.ts'
import { SpoolGate } from './gate.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const part = (sequence: number, renditionId = 'source', sizeBytes = 10): PackagerEvent => ({
  type: 'part',
  epoch: 1,
  renditionId,
  part: {
    number: sequence,
    sequence,
    index: 0,
    dts: 0,
    duration: 1,
    independent: true,
    data: new Uint8Array(sizeBytes),
  },
  segment: { programTimeMs: 0, discontinuity: false },
})
const segment = (sequence: number, renditionId = 'source'): PackagerEvent => ({
  type: 'segment',
  epoch: 1,
  renditionId,
  entry: {
    epoch: 1,
    sequence,
    dts: 0,
    duration: 1,
    programTimeMs: 0,
    sizeBytes: 10,
    independent: true,
    discontinuity: false,
    gap: false,
  },
  chunks: [],
})

/** A gate, and what came through it: "source part 1", with the arrival that it was told. */
function open(options: { maxHoldMs?: number; maxHeldBytes?: number } = {}) {
  const passed: string[] = []
  const gate = new SpoolGate({
    apply(event, arrivedAtMs) {
      if (event.type === 'rendition') return
      const { sequence } = event.type === 'part' ? event.part : event.entry
      passed.push(`${event.renditionId} ${event.type} ${sequence} at ${arrivedAtMs}`)
    },
    ...options,
  })
  return { gate, passed }
}

const never = new Promise<void>(() => {})

test('parts are listed at once, a segment once it is written, and what follows it behind it', async () => {
  const { gate, passed } = open()
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.pass(part(1), 1, null)
  gate.pass(segment(1), 2, promise)
  gate.pass(part(2), 3, null)
  expect(passed).toEqual(['source part 1 at 1'])
  resolve()
  await gate.settled()
  expect(passed.slice(1)).toEqual(['source segment 1 at 2', 'source part 2 at 3'])
})

test('records that are written out of order are listed in order', async () => {
  const { gate, passed } = open()
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.pass(segment(1), 1, promise)
  gate.pass(segment(2), 2, Promise.resolve())
  await vi.advanceTimersByTimeAsync(0)
  expect(passed).toEqual([])
  resolve()
  await gate.settled()
  expect(passed).toEqual(['source segment 1 at 1', 'source segment 2 at 2'])
})

test('one rendition does not wait for another', () => {
  const { gate, passed } = open()
  gate.pass(segment(1), 1, never)
  gate.pass(part(1, 'audio'), 2, null)
  expect(passed).toEqual(['audio part 1 at 2'])
})

test('a record that fails is no reason to wait', async () => {
  const { gate, passed } = open()
  gate.pass(segment(1), 1, Promise.reject(new Error('the disk is full')))
  await gate.settled()
  expect(passed).toEqual(['source segment 1 at 1'])
})

test('a disk that hangs is waited for half a second', async () => {
  const { gate, passed } = open()
  gate.pass(segment(1), 1, never)
  gate.pass(part(2), 2, null)
  await vi.advanceTimersByTimeAsync(499)
  expect(passed).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(passed).toEqual(['source segment 1 at 1', 'source part 2 at 2'])
  await gate.settled()
})

test('a burst behind a slow disk is held up to a bound', () => {
  const { gate, passed } = open({ maxHeldBytes: 30 })
  gate.pass(segment(1), 1, never)
  for (const sequence of [2, 3, 4]) gate.pass(part(sequence), sequence, null)
  expect(passed).toEqual([])
  gate.pass(part(5), 5, null)
  expect(passed).toHaveLength(5)
  gate.pass(part(6), 6, null)
  expect(passed).toHaveLength(6)
})

test('what is let through early is not applied again when its record is written', async () => {
  const { gate, passed } = open()
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.pass(segment(1), 1, promise)
  gate.flush()
  gate.pass(segment(2), 2, never)
  resolve()
  await vi.advanceTimersByTimeAsync(0)
  expect(passed).toEqual(['source segment 1 at 1'])
})
