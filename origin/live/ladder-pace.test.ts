import { expect, test } from 'vitest'
import { PaceMeter, TOO_SLOW_MS } from './ladder-pace.ts'

const FRAME_MS = 40
const QUEUE_MS = 1_000
const KEY_EVERY_MS = 2_000

interface Scene {
  seconds: number
  /** Media time made per real time, at a real time. */
  speed: (atMs: number) => number
  /** When the encoder's first frame can come. */
  startMs?: number
  firstMs?: number
}

/** An encoder behind a queue of a second that begins again at a key frame. Returns when it was too slow first. */
function play({ seconds, speed, startMs = 0, firstMs = 0 }: Scene): number | null {
  const meter = new PaceMeter(['480p30', '240p30'], 0)
  let waiting: number[] = []
  let running = false
  let credit = 0
  for (let atMs = 0; atMs < seconds * 1000; atMs += FRAME_MS) {
    const dtsMs = (firstMs + atMs) % 2 ** 32
    if (waiting.length * FRAME_MS > QUEUE_MS) {
      meter.lost()
      waiting = []
      running = false
    }
    if (atMs % KEY_EVERY_MS === 0) running = true
    if (running) {
      waiting.push(dtsMs)
      meter.given(dtsMs)
    }
    if (atMs >= startMs) credit = Math.min(credit + speed(atMs) * FRAME_MS, 2 * FRAME_MS)
    for (; credit >= FRAME_MS && waiting.length > 0; credit -= FRAME_MS) {
      const [made = 0] = waiting.splice(0, 1)
      for (const id of ['480p30', '240p30']) meter.made(id, made)
    }
    meter.look(atMs)
    if (meter.behindMs >= TOO_SLOW_MS) return atMs
  }
  return null
}

test.each<[string, Scene]>([
  ['real time', { seconds: 120, speed: () => 1 }],
  ['twice real time', { seconds: 120, speed: () => 2 }],
  ['a stall of two seconds now and then', { seconds: 120, speed: (ms) => (ms % 15_000 < 2_000 ? 0 : 1.5) }],
  ['three seconds to begin with', { seconds: 60, speed: () => 1.5, startMs: 3_000 }],
  ['a clock that wraps', { seconds: 20, speed: () => 1.2, firstMs: 2 ** 32 - 5_000 }],
])('%s is fast enough', (_, scene) => {
  expect(play(scene)).toBeNull()
})

test.each<[string, Scene, number, number]>([
  ['that stands still', { seconds: 60, speed: (ms) => (ms < 2_000 ? 1 : 0) }, 6_000, 8_000],
  ['at half of real time', { seconds: 60, speed: () => 0.5 }, 5_000, 8_000],
  ['at 80 %', { seconds: 60, speed: () => 0.8 }, 7_000, 11_000],
  ['at 97 %', { seconds: 60, speed: () => 0.97 }, 15_000, 40_000],
  ['that never begins', { seconds: 60, speed: () => 0 }, 7_000, 11_000],
])('an encoder %s is found too slow', (_, scene, notBeforeMs, byMs) => {
  const atMs = play(scene) ?? Number.POSITIVE_INFINITY
  expect(atMs).toBeGreaterThanOrEqual(notBeforeMs)
  expect(atMs).toBeLessThanOrEqual(byMs)
})

test('the slowest rung counts, also one of which nothing came', () => {
  const meter = new PaceMeter(['720p30', '240p30'], 0)
  meter.given(1_000)
  meter.given(3_000)
  meter.made('240p30', 3_000)
  expect(meter.lagMs).toBe(2_000)
  meter.made('720p30', 2_900)
  expect(meter.lagMs).toBe(100)
})

test('while our own process stands still, no encoder is slow', () => {
  const meter = new PaceMeter(['240p30'], 0)
  meter.given(0)
  meter.made('240p30', 0)
  meter.given(4_000)
  meter.look(20_000)
  expect(meter.behindMs).toBe(500)
})

test('an encoder is quiet from its last frame on, and only while it has work', () => {
  const meter = new PaceMeter(['240p30'], 0)
  meter.given(0)
  meter.made('240p30', 0)
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 250) meter.look(nowMs)
  expect(meter.quietMs).toBe(0)
  meter.given(1_000)
  for (let nowMs = 10_250; nowMs <= 12_000; nowMs += 250) meter.look(nowMs)
  expect(meter.quietMs).toBe(2_000)
  meter.made('240p30', 40)
  expect(meter.quietMs).toBe(0)
})
