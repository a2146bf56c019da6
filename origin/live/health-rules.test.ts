import { expect, test } from 'vitest'
import { type HealthSecond, isBitrateUnstable, isClockUnsteady, keyFrameWarning } from './health-rules.ts'

const window = (second: (index: number) => Partial<HealthSecond>, seconds = 30): HealthSecond[] =>
  Array.from({ length: seconds }, (_, index) => ({ videoBytes: 100_000, leadMs: 40, ...second(index) }))

test.each([
  [2_000, null],
  [4_000, null],
  [4_001, 'key-frames-far-apart'],
  [8_000, 'key-frames-far-apart'],
  [8_001, 'key-frames-very-far-apart'],
])('key frames %i ms apart: %s', (intervalMs, warning) => {
  expect(keyFrameWarning(intervalMs)).toBe(warning)
})

test.each<[string, (second: number) => number, boolean]>([
  ['always the same', () => 500_000, false],
  [
    'a key frame of four times a second’s bytes every 8 s',
    (second) => (second % 8 === 0 ? 400_000 : 100_000),
    false,
  ],
  ['a scene with a third more', (second) => (second < 15 ? 300_000 : 400_000), false],
  ['2.9 times as much in one half', (second) => (second < 15 ? 290_000 : 100_000), false],
  ['3.1 times as much in one half', (second) => (second < 15 ? 310_000 : 100_000), true],
  ['nothing in every other stride', (second) => (Math.floor(second / 5) % 2 ? 0 : 300_000), true],
  ['nothing at all', () => 0, false],
])('a bit rate that is %s', (_, videoBytes, unstable) => {
  expect(isBitrateUnstable(window((second) => ({ videoBytes: videoBytes(second) })))).toBe(unstable)
})

test.each<[string, (second: number) => number | null, boolean]>([
  ['real time', () => 40, false],
  ['real time, with a network’s jitter', (second) => (second % 3) * -80, false],
  ['2 % faster', (second) => second * 20, false],
  ['2.5 % faster', (second) => second * 25, true],
  ['2.5 % slower', (second) => second * -25, true],
  [
    'real time, but for a stall that was made up for',
    (second) => (second > 10 && second < 14 ? null : 40),
    false,
  ],
  ['real time, but for a stall of four seconds at the end', (second) => (second > 25 ? -4_000 : 40), false],
  ['nothing at all', () => null, false],
])('a clock that runs %s', (_, leadMs, unsteady) => {
  expect(isClockUnsteady(window((second) => ({ leadMs: leadMs(second) })))).toBe(unsteady)
})

test('nothing is judged before half a minute was seen', () => {
  const wild = (second: number) => ({ videoBytes: second < 15 ? 900_000 : 0, leadMs: second * 100 })
  expect([isBitrateUnstable(window(wild, 29)), isClockUnsteady(window(wild, 29))]).toEqual([false, false])
  expect([isBitrateUnstable(window(wild)), isClockUnsteady(window(wild))]).toEqual([true, true])
})
