import { describe, expect, it } from 'vitest'
import { isLastFrame, shortestFrame, within } from './bounds.ts'

const bounds = { startS: 1, endS: 4 }
const frameS = 1 / 30

describe('the last frame of a clip', () => {
  it('is the last one that begins before its end, whatever the clock’s last digits', () => {
    expect(isLastFrame(1 + 88 * frameS, frameS, bounds)).toBe(false)
    expect(isLastFrame(1 + 89 * frameS, frameS, bounds)).toBe(true)
    expect(isLastFrame(1 + 89 * frameS - 0.0004, frameS, bounds)).toBe(true)
    expect(isLastFrame(1 + 88 * frameS + 0.0004, frameS, bounds)).toBe(false)
  })
  it('is shown, however short it is before the end', () => {
    expect(isLastFrame(3.95, frameS, { startS: 1, endS: 3.99 })).toBe(false)
    expect(isLastFrame(3.95 + frameS, frameS, { startS: 1, endS: 3.99 })).toBe(true)
  })
  it('is found where the length of frames is not known yet', () => {
    expect(isLastFrame(3.97, Number.POSITIVE_INFINITY, bounds)).toBe(false)
    expect(isLastFrame(4.2, Number.POSITIVE_INFINITY, bounds)).toBe(true)
  })
})

describe('how long a frame lasts', () => {
  it('is the shortest time between two, whatever was left out', () => {
    const known = shortestFrame(Number.POSITIVE_INFINITY, 1, 1 + 2 * frameS)
    expect(known).toBeCloseTo(2 * frameS)
    expect(shortestFrame(known, 2, 2 + frameS)).toBeCloseTo(frameS)
    expect(shortestFrame(frameS, 2, 2 + 2 * frameS)).toBe(frameS)
  })
  it('is not told by a seek, nor by the first frame', () => {
    for (const before of [null, 1, 9]) expect(shortestFrame(frameS, before, 5)).toBe(frameS)
  })
})

describe('a place in a clip', () => {
  it('stays within it, from its first frame to its last', () => {
    expect(within(bounds, 0)).toBeCloseTo(1.001)
    expect(within(bounds, 2)).toBe(2)
    expect(within(bounds, 9)).toBeCloseTo(3.998)
    expect(within({ startS: 1, endS: 1 }, 9)).toBeCloseTo(1.001)
  })
})
