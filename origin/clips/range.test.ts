import { describe, expect, test } from 'vitest'
import { ApiError } from '../http/errors.ts'
import { rulesFor, takeAround, wantedRange } from './range.ts'

const HOUR_MS = 3_600_000
const START_MS = 1_795_356_000_000
const hour = [{ programMs: START_MS, positionMs: 0, durationMs: HOUR_MS }]
const viewer = rulesFor(false)
const owner = rulesFor(true)

function faultOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error instanceof ApiError ? error.more.errors : error
  }
  return null
}

describe('a clip', () => {
  test('of the last seconds ends where its maker looked', () => {
    expect(wantedRange({ lastMs: 30_000 }, hour, viewer)).toEqual({
      startMs: HOUR_MS - 30_000,
      endMs: HOUR_MS,
    })
    const at = new Date(START_MS + 60_000).toISOString()
    expect(wantedRange({ lastMs: 30_000, at }, hour, viewer)).toEqual({ startMs: 30_000, endMs: 60_000 })
  })

  test('of a video that has just begun is as long as that', () => {
    const short = [{ programMs: START_MS, positionMs: 0, durationMs: 8_000 }]
    expect(wantedRange({ lastMs: 30_000 }, short, viewer)).toEqual({ startMs: 0, endMs: 8_000 })
  })

  test.each([
    ['anybody', viewer, 90_000],
    ['the owner of the channel', owner, 600_000],
  ])('by %s has 5 s at least and its most at most', (_, rules, most) => {
    const make = (durationMs: number) =>
      faultOf(() => wantedRange({ startMs: 1_000, endMs: 1_000 + durationMs }, hour, rules))
    expect(make(4_999)).toMatchObject([{ field: 'endMs' }])
    expect(make(5_000)).toBeNull()
    expect(make(most)).toBeNull()
    expect(make(most + 1)).toMatchObject([{ field: 'endMs' }])
    expect(faultOf(() => wantedRange({ lastMs: most + 1 }, hour, rules))).toMatchObject([{ field: 'lastMs' }])
    expect(faultOf(() => wantedRange({ lastMs: 4_999 }, hour, rules))).toMatchObject([{ field: 'lastMs' }])
  })

  test('ends with the video, and is refused where too little of it is left', () => {
    expect(wantedRange({ startMs: HOUR_MS - 9_000, endMs: HOUR_MS + 9_000 }, hour, viewer)).toEqual({
      startMs: HOUR_MS - 9_000,
      endMs: HOUR_MS,
    })
    expect(
      faultOf(() => wantedRange({ startMs: HOUR_MS, endMs: HOUR_MS + 9_000 }, hour, viewer)),
    ).not.toBeNull()
    expect(faultOf(() => wantedRange({ startMs: 9_000, endMs: 3_000 }, hour, viewer))).not.toBeNull()
  })
})

test('a clip can be moved a minute to both sides, as far as the video goes; its channel’s owner, five', () => {
  const range = { startMs: HOUR_MS / 2, endMs: HOUR_MS / 2 + 30_000 }
  expect(takeAround(range, hour, viewer)).toEqual({
    startMs: range.startMs - 60_000,
    endMs: range.endMs + 60_000,
  })
  expect(takeAround(range, hour, owner).startMs).toBe(range.startMs - 300_000)
  expect(takeAround({ startMs: 5_000, endMs: HOUR_MS - 5_000 }, hour, viewer)).toEqual({
    startMs: 0,
    endMs: HOUR_MS,
  })
})
