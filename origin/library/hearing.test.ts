import { expect, test } from 'vitest'
import { createHearing } from './hearing.ts'

test('a clock that is set, back or on, is no silence', () => {
  let nowMs = 100_000
  const hearing = createHearing(() => nowMs)
  for (const stepMs of [-60_000, 60_000, -1]) {
    nowMs += stepMs
    const setAtMs = nowMs
    expect(hearing()).toBe(setAtMs)
    nowMs += 1_000
    expect(hearing()).toBe(setAtMs)
  }
})

test('nodes can be heard from the start on, and anew after the process stood still', () => {
  let nowMs = 1_000
  const hearing = createHearing(() => nowMs)
  for (let i = 0; i < 60; i++) {
    nowMs += 1_000
    expect(hearing()).toBe(1_000)
  }
  nowMs += 20_000
  const back = nowMs
  expect(hearing()).toBe(back)
  nowMs += 1_000
  expect(hearing()).toBe(back)
})
