import { describe, expect, it } from 'vitest'
import { FrameGrid } from './frame-grid.ts'

function snapAll(timesMs: readonly number[], hint: number | null = null): { ticks: number[]; step: number } {
  const grid = new FrameGrid(hint)
  const ticks = timesMs.map((time) => grid.snap(time))
  return { ticks, step: grid.stepTicks }
}

function stamps(fps: number, count: number, round: (ms: number) => number = Math.round): number[] {
  return Array.from({ length: count }, (_, i) => round((i * 1000) / fps))
}

function deltas(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => value - (values[i] ?? 0))
}

describe('the frame grid', () => {
  for (const fps of [10, 12, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 120]) {
    for (const round of [Math.round, Math.floor, Math.ceil]) {
      it(`finds ${fps.toFixed(3)} fps behind milliseconds (${round.name}) and stays within 2.5 ms of them for ten minutes`, () => {
        const times = stamps(fps, Math.round(fps * 600), round)
        const { ticks, step } = snapAll(times)
        expect(Math.abs(step - 90_000 / fps)).toBeLessThan(1)
        const late = deltas(ticks.slice(fps * 60))
        const exact = late.filter((delta) => Math.abs(delta - 90_000 / fps) <= 1).length
        expect(exact / late.length).toBeGreaterThan(0.999)
        for (let i = 0; i < times.length; i += 97) {
          expect(Math.abs((ticks[i] ?? 0) - (times[i] ?? 0) * 90)).toBeLessThanOrEqual(225)
        }
      })
    }
  }

  it('is there from the first frame when the VUI tells the rate', () => {
    expect(new Set(deltas(snapAll(stamps(30000 / 1001, 100), 30000 / 1001).ticks))).toEqual(new Set([3003]))
  })

  it('does not believe a VUI that is wrong', () => {
    expect(snapAll(stamps(25, 100), 30).step).toBe(3600)
    expect(snapAll(stamps(30, 3000), 30000 / 1001).step).toBe(3000)
  })

  it('keeps its phase over frames that were left out', () => {
    const times = stamps(30, 300).filter((_, i) => i < 100 || i % 3 !== 0)
    const late = deltas(snapAll(times).ticks).slice(20)
    expect(new Set(late)).toEqual(new Set([3000, 6000]))
  })

  it('lets a variable frame rate pass as it is', () => {
    const times = [0]
    for (let i = 1; i < 200; i++) times.push((times.at(-1) ?? 0) + [17, 50, 33, 121, 8][i % 5]!)
    const { ticks, step } = snapAll(times)
    expect(step).toBe(0)
    expect(ticks).toEqual(times.map((time) => time * 90))
  })

  it('follows a rate that changes in mid-stream', () => {
    const slow = stamps(30, 90)
    const fast = stamps(60, 180).map((time) => time + 3000)
    const { ticks, step } = snapAll([...slow, ...fast])
    expect(step).toBe(1500)
    expect(Math.abs((ticks.at(-1) ?? 0) - (fast.at(-1) ?? 0) * 90)).toBeLessThanOrEqual(225)
  })

  it('always ascends, whatever comes', () => {
    const times = Array.from({ length: 2000 }, (_, i) => Math.round(i * 33 + 400 * Math.sin(i)))
    expect(Math.min(...deltas(snapAll(times).ticks))).toBeGreaterThan(0)
  })
})
