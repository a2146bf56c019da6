import { describe, expect, it } from 'vitest'
import { rangeOf } from './wanted.ts'

describe('a press on "Clip"', () => {
  it('means the last half a minute before what is seen', () => {
    const atMs = Date.parse('2026-11-22T12:00:00.000Z')
    expect(rangeOf({ isLive: true, durationMs: null }, atMs)).toEqual({
      lastMs: 30_000,
      at: '2026-11-22T12:00:00.000Z',
    })
    expect(rangeOf({ isLive: false, durationMs: 600_000 }, 100_000.4)).toEqual({
      startMs: 70_000,
      endMs: 100_000,
    })
  })
  it('means what is there, near the start or in something short', () => {
    expect(rangeOf({ isLive: false, durationMs: 600_000 }, 4_000)).toEqual({ startMs: 0, endMs: 30_000 })
    expect(rangeOf({ isLive: false, durationMs: 12_000 }, 4_000)).toEqual({ startMs: 0, endMs: 12_000 })
  })
  it('means the newest where nobody knows what is seen', () => {
    expect(rangeOf({ isLive: true, durationMs: null }, null)).toEqual({ lastMs: 30_000 })
    expect(rangeOf({ isLive: false, durationMs: 600_000 }, null)).toEqual({ startMs: 0, endMs: 30_000 })
  })
})
