import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { catchUpRate, marginAfterCalm, marginAfterStall, noMargin } from './latency-policy.ts'

describe('the distance from live', () => {
  it('grows with each stall, faster each time, up to three seconds', () => {
    const extras: number[] = []
    let margin = noMargin
    for (let stall = 1; stall <= 6; stall++) {
      margin = marginAfterStall(margin, 400, stall * 1000)
      extras.push(margin.extraS)
    }
    expect(extras).toEqual([0.25, 0.75, 1.75, 3, 3, 3])
  })
  it('does not grow by an outage: no buffer would have bridged it', () => {
    expect(marginAfterStall(noMargin, 4_000, 0).extraS).toBe(0.25)
    expect(marginAfterStall(noMargin, 4_001, 0).extraS).toBe(0)
  })
  it('is given back by half after each twenty calm seconds, at last whole', () => {
    let margin = marginAfterStall(marginAfterStall(noMargin, 400, 0), 400, 0)
    expect(marginAfterCalm(margin, 19_999)).toBe(margin)
    const extras: number[] = []
    for (let nowMs = 20_000; nowMs <= 80_000; nowMs += 20_000) {
      margin = marginAfterCalm(margin, nowMs)
      extras.push(margin.extraS)
    }
    expect(extras).toEqual([0.375, 0.1875, 0, 0])
  })
  it('is kept twice as long when giving it back was followed by a stall', () => {
    const grown = marginAfterStall(noMargin, 400, 0)
    const shrunk = marginAfterCalm(grown, 20_000)
    const again = marginAfterStall(shrunk, 400, 30_000)
    expect(again.calmMs).toBe(40_000)
    expect(marginAfterCalm(again, 69_999)).toBe(again)
    expect(marginAfterCalm(again, 70_000).extraS).toBeLessThan(again.extraS)
    const later = marginAfterStall(shrunk, 400, 100_000)
    expect(later.calmMs).toBe(20_000)
  })
})

describe('the speed', () => {
  const at = (latencyS: number, more: Partial<Parameters<typeof catchUpRate>[0]> = {}) =>
    catchUpRate({ latencyS, targetS: 0.63, bufferS: 0.6, rate: 1, ...more })

  it('is normal near the target', () => {
    expect([0.52, 0.63, 0.74].map((latency) => at(latency))).toEqual([1, 1, 1])
  })
  it('is a little higher behind it, the more the further', () => {
    expect([0.8, 1.1, 1.4, 4].map((latency) => at(latency))).toEqual(
      [1.02, 1.06, 1.08, 1.08].map((rate) => expect.closeTo(rate, 2)),
    )
  })
  it('goes on until the target is reached, so that it does not flutter', () => {
    expect(at(0.68, { rate: 1.02 })).toBeGreaterThan(1)
    expect(at(0.65, { rate: 1.02 })).toBe(1)
    expect(at(0.59, { rate: 0.95 })).toBe(0.95)
    expect(at(0.61, { rate: 0.95 })).toBe(1)
  })
  it('is lower where a stall has moved the target away', () => {
    expect(at(0.7, { targetS: 1.38 })).toBe(0.95)
  })
  it('is never raised when the buffer is nearly empty', () => {
    expect(at(3, { bufferS: 0.24 })).toBe(1)
    expect(at(3, { bufferS: 0.25 })).toBeGreaterThan(1)
  })
  it('stays between 0.95 and 1.08, whatever it is given', () => {
    const seconds = fc.double({ min: 0, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(seconds, seconds, seconds, (latencyS, targetS, bufferS) => {
        const rate = catchUpRate({ latencyS, targetS, bufferS, rate: 1 })
        expect(rate).toBeGreaterThanOrEqual(0.95)
        expect(rate).toBeLessThanOrEqual(1.08)
      }),
    )
  })
})
