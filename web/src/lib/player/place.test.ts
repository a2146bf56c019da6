import { expect, test } from 'vitest'
import type { LiveSight } from './live-views.ts'
import { placeInLive, placeInVideo } from './place.ts'

const NONE = { length: 0, start: () => 0, end: () => 0 }

function video(duration: number, currentTime: number, bufferedTo?: number): HTMLVideoElement {
  const buffered =
    bufferedTo === undefined ? NONE : { length: 1, start: () => currentTime, end: () => bufferedTo }
  return { duration, currentTime, buffered } as unknown as HTMLVideoElement
}

test('a video is counted from its start', () => {
  expect(placeInVideo(video(100, 20, 50))).toEqual({
    startMs: 0,
    endMs: 100_000,
    positionMs: 20_000,
    bufferedMs: 50_000,
  })
})

test('nothing is known of a video without a length yet', () => {
  for (const duration of [Number.NaN, 0, Number.POSITIVE_INFINITY]) {
    expect(placeInVideo(video(duration, 0))).toBeNull()
  }
})

test('a live stream is counted in program time, and nobody is outside it', () => {
  const sight: LiveSight = {
    view: 'live',
    edgeMs: 1_000_000,
    loaded: { startMs: 940_000, endMs: 1_000_000 },
    startedAtMs: 100_000,
    dvrMs: 600_000,
  }
  const at = (positionMs: number, aheadS: number) => placeInLive(sight, positionMs, aheadS)
  expect(at(999_000, 5)).toEqual({
    startMs: 400_000,
    endMs: 1_000_000,
    positionMs: 999_000,
    bufferedMs: 1_000_000,
  })
  expect(at(500_000, 30).bufferedMs).toBe(530_000)
  expect(at(300_000, 0).positionMs).toBe(400_000)
  expect(at(1_000_600, 0).positionMs).toBe(1_000_000)
})
