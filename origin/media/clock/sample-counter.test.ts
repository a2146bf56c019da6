import { describe, expect, it } from 'vitest'
import { SampleCounter } from './sample-counter.ts'

describe('the sample counter', () => {
  it('makes gapless times of rounded stamps, for an hour', () => {
    for (const rate of [44_100, 48_000]) {
      const counter = new SampleCounter(rate, 1024)
      const frames = Math.floor((rate / 1024) * 3600)
      for (let i = 0; i < frames; i++) {
        const at = counter.count(Math.round((i * 1024 * 1000) / rate))
        if (i % 1009 === 0) expect(at).toBe(i * 1024)
      }
      expect(counter.holes).toBe(0)
    }
  })

  it('does not mind stamps that are off by up to 100 ms', () => {
    const counter = new SampleCounter(48_000, 1024)
    for (let i = 0; i < 500; i++) {
      expect(counter.count(i * (1024 / 48) + 50 + 49 * Math.sin(i))).toBe(Math.round(50 * 48) + i * 1024)
    }
  })

  it('goes by the stamps again after a hole of more than 100 ms', () => {
    const counter = new SampleCounter(48_000, 1024)
    counter.count(0)
    expect(counter.count(200)).toBe(9600)
    expect(counter.count(221)).toBe(10_624)
    expect(counter.holes).toBe(1)
  })

  it('drops frames that are too many, until the stamps have caught up', () => {
    const counter = new SampleCounter(48_000, 1024)
    let taken = 0
    // Twice as many frames as time passes.
    for (let i = 0; i < 1000; i++) if (counter.count(i * (512 / 48)) !== null) taken++
    expect(taken).toBeGreaterThan(495)
    expect(taken).toBeLessThan(515)
  })
})
