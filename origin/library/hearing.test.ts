import { expect, test } from 'vitest'
import { createHearing } from './hearing.ts'

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
