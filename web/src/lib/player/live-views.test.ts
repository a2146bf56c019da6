import { expect, test } from 'vitest'
import { isSlidingOut, type LiveSight, liveRange, stepTo } from './live-views.ts'

const START = 10_000_000
const EDGE = START + 3_600_000
/** An hour after the beginning, at live. */
const live: LiveSight = {
  view: 'live',
  edgeMs: EDGE,
  loaded: { startMs: EDGE - 60_000, endMs: EDGE },
  startedAtMs: START,
  dvrMs: 4 * 3_600_000,
}
const dvr: LiveSight = { ...live, view: 'dvr', loaded: { startMs: START, endMs: EDGE - 8_000 } }

test('one may go back to the beginning, or as far as the channel allows', () => {
  expect(liveRange(live)).toEqual({ startMs: START, endMs: EDGE })
  expect(liveRange({ ...live, dvrMs: 600_000 })).toEqual({ startMs: EDGE - 600_000, endMs: EDGE })
  expect(liveRange({ ...dvr, startedAtMs: START + 5_000 })).toEqual({ startMs: START, endMs: EDGE })
  expect(liveRange({ ...live, dvrMs: 0 })).toEqual({ startMs: EDGE - 60_000, endMs: EDGE })
  expect(liveRange({ ...live, dvrMs: 0, loaded: null })).toEqual({ startMs: EDGE, endMs: EDGE })
})

test('within the live playlist it is a seek, beyond it the DVR playlist', () => {
  expect(stepTo(live, EDGE - 30_000)).toEqual({ type: 'seek', toMs: EDGE - 30_000 })
  expect(stepTo(live, EDGE - 58_000)).toEqual({ type: 'open', view: 'dvr', atMs: EDGE - 58_000 })
  expect(stepTo(live, EDGE - 600_000)).toEqual({ type: 'open', view: 'dvr', atMs: EDGE - 600_000 })
  expect(stepTo(live, 0)).toEqual({ type: 'open', view: 'dvr', atMs: START })
})

test('the last seconds are live', () => {
  for (const sight of [live, dvr]) {
    expect(stepTo(sight, EDGE - 2_000)).toEqual({ type: 'go-live' })
    expect(stepTo(sight, EDGE + 60_000)).toEqual({ type: 'go-live' })
  }
})

test('a step of five seconds back from live is one', () => {
  expect(stepTo(live, EDGE - 700 - 5_000)).toEqual({ type: 'seek', toMs: EDGE - 5_700 })
})

test('in the DVR playlist one stays there, but for its end, which the live one has', () => {
  expect(stepTo(dvr, EDGE - 1_800_000)).toEqual({ type: 'seek', toMs: EDGE - 1_800_000 })
  expect(stepTo(dvr, EDGE - 45_000)).toEqual({ type: 'seek', toMs: EDGE - 45_000 })
  expect(stepTo(dvr, EDGE - 20_000)).toEqual({ type: 'open', view: 'live', atMs: EDGE - 20_000 })
})

test('without DVR nobody goes back further than the live playlist does', () => {
  expect(stepTo({ ...live, dvrMs: 0 }, START)).toEqual({ type: 'seek', toMs: EDGE - 54_000 })
})

test('a pause outlives the live playlist only where there is DVR', () => {
  expect(isSlidingOut(live, EDGE - 50_000)).toBe(false)
  expect(isSlidingOut(live, EDGE - 56_000)).toBe(true)
  expect(isSlidingOut({ ...live, dvrMs: 0 }, EDGE - 56_000)).toBe(false)
  expect(isSlidingOut(dvr, START)).toBe(false)
})
