import { create } from '@bufbuild/protobuf'
import { ClipRunSchema } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { describe, expect, test } from 'vitest'
import { cutOf } from './clip-cut.ts'

/** 25 frames a second for 2 s, as they are stored with B-frames: in another order, from 7.2 s on. */
const shownAt = Array.from({ length: 50 }, (_, i) => 7.2 + (i ^ 1) * 0.04)

function cut(startMs: number, endMs: number, audioLateMs: number | null = 0) {
  const audio = audioLateMs === null ? {} : { audio: { startMs: startMs - audioLateMs, endMs } }
  return cutOf(create(ClipRunSchema, { video: { startMs, endMs }, ...audio }), shownAt)
}

describe('a cut', () => {
  test('takes the frame that is on the screen at the start, and all that begin before the end', () => {
    expect(cut(400, 800)).toMatchObject({ firstFrame: 10, frames: 10 })
    expect(cut(410, 810)).toMatchObject({ firstFrame: 10, frames: 11 })
    expect(cut(439.5, 799)).toMatchObject({ firstFrame: 11, frames: 9 })
    expect(cut(438, 800.5)).toMatchObject({ firstFrame: 10, frames: 10 })
    expect(cut(438, 802)).toMatchObject({ firstFrame: 10, frames: 11 })
  })

  test('is as long as its frames, the last one of the file included', () => {
    expect(cut(400, 800)?.seconds).toBeCloseTo(0.4)
    expect(cut(1_800, 9_000)).toMatchObject({ firstFrame: 45, frames: 5 })
    expect(cut(1_800, 9_000)?.seconds).toBeCloseTo(0.2)
    expect(cut(-5_000, 9_000)).toMatchObject({ firstFrame: 0, frames: 50 })
  })

  test('has its sound from where its first frame is, wherever the track of sound begins', () => {
    expect(cut(410, 800)?.soundAt).toBeCloseTo(0.4)
    expect(cut(410, 800, 15)?.soundAt).toBeCloseTo(0.385)
    expect(cut(0, 800, 15)?.soundAt).toBeCloseTo(-0.015)
    expect(cut(410, 800, null)?.soundAt).toBeNull()
  })

  test('is nothing where no frame is', () => {
    expect(cut(2_000, 9_000)).toBeNull()
    expect(cut(-2_000, 0)).toBeNull()
    expect(() => cutOf(create(ClipRunSchema, {}), shownAt)).toThrow('without a picture')
  })
})
