import { describe, expect, it } from 'vitest'
import { isLastFrame, within } from './bounds.ts'

const bounds = { startS: 1, endS: 4 }
const frameS = 1 / 30

describe('the last frame of a clip', () => {
  const shown = (number: number) => ({ atS: 1 + number * frameS, beforeS: 1 + (number - 1) * frameS })
  it('is the one that is shown until the end, whatever the clock’s last digits', () => {
    expect(isLastFrame(shown(88), bounds)).toBe(false)
    expect(isLastFrame(shown(89), bounds)).toBe(true)
    expect(isLastFrame({ atS: 4 - frameS + 0.0004, beforeS: 4 - 2 * frameS }, bounds)).toBe(true)
    expect(isLastFrame({ atS: 4 - frameS - 0.0004, beforeS: 4 - 2 * frameS }, bounds)).toBe(true)
  })
  it('is not the first one after a seek that is far from it', () => {
    expect(isLastFrame({ atS: 3.2, beforeS: 1.2 }, bounds)).toBe(false)
    expect(isLastFrame({ atS: 3.2, beforeS: null }, bounds)).toBe(false)
  })
  it('is any frame past the end', () => {
    expect(isLastFrame({ atS: 4.2, beforeS: null }, bounds)).toBe(true)
  })
})

describe('a place in a clip', () => {
  it('stays within it, on its last frame at most', () => {
    expect(within(bounds, 0)).toBe(1)
    expect(within(bounds, 2)).toBe(2)
    expect(within(bounds, 9)).toBeCloseTo(3.999)
    expect(within({ startS: 1, endS: 1 }, 9)).toBe(1)
  })
})
