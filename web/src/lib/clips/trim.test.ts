import { describe, expect, it } from 'vitest'
import { moveHandle, steppedBy } from './trim.ts'

const limits = { lengthMs: 150_000, leastMs: 5_000, mostMs: 90_000 }
const trim = { startMs: 60_000, endMs: 90_000 }

describe('a trimming handle', () => {
  it('goes where it is moved, to the millisecond', () => {
    expect(moveHandle(trim, 'start', 61_234.4, limits)).toEqual({ startMs: 61_234, endMs: 90_000 })
    expect(moveHandle(trim, 'end', 100_000, limits)).toEqual({ startMs: 60_000, endMs: 100_000 })
  })
  it('keeps the range from becoming too short', () => {
    expect(moveHandle(trim, 'start', 89_000, limits).startMs).toBe(85_000)
    expect(moveHandle(trim, 'end', 0, limits).endMs).toBe(65_000)
  })
  it('keeps the range from becoming too long', () => {
    const late = { startMs: 100_000, endMs: 140_000 }
    expect(moveHandle(late, 'start', 0, limits).startMs).toBe(50_000)
    expect(moveHandle({ startMs: 0, endMs: 9_000 }, 'end', 150_000, limits).endMs).toBe(90_000)
  })
  it('stays within what was taken', () => {
    expect(moveHandle(trim, 'start', -5, limits).startMs).toBe(0)
    expect(moveHandle(trim, 'end', 999_000, limits).endMs).toBe(150_000)
  })
})

describe('a handle’s keys', () => {
  const press = (key: string, shiftKey = false) => steppedBy({ key, shiftKey }, 50_000, 150_000)
  it('move it by a tenth of a second, a second, or to an end', () => {
    expect(press('ArrowRight')).toBe(50_100)
    expect(press('ArrowLeft')).toBe(49_900)
    expect(press('ArrowLeft', true)).toBe(49_000)
    expect(press('PageUp')).toBe(51_000)
    expect(press('Home')).toBe(0)
    expect(press('End')).toBe(150_000)
  })
  it('leave all others to the browser', () => expect(press('Tab')).toBeNull())
})
