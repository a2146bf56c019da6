import { describe, expect, it } from 'vitest'
import { type Rung, rungLabel, sortRungs } from './rungs.ts'

const rung = (id: number, lines: number, frameRate: number, bitrateBps = 1_000_000): Rung => ({
  id,
  lines,
  frameRate,
  bitrateBps,
})

describe('qualities', () => {
  it('are named by their lines, and by their frames where those are many', () => {
    expect(rungLabel(rung(0, 720, 30))).toBe('720p')
    expect(rungLabel(rung(0, 1080, 59.94))).toBe('1080p60')
    expect(rungLabel(rung(0, 480, 0))).toBe('480p')
  })
  it('are listed best first, each name once', () => {
    const sorted = sortRungs([
      rung(0, 360, 30),
      rung(1, 720, 30, 2_000_000),
      rung(2, 720, 60),
      rung(3, 720, 30, 3_000_000),
    ])
    expect(sorted.map(({ id }) => id)).toEqual([2, 3, 0])
  })
})
