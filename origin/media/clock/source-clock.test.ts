import { describe, expect, it } from 'vitest'
import { SourceClock } from './source-clock.ts'

describe('the source clock', () => {
  it('starts at 0 with whatever number an encoder starts', () => {
    for (const start of [0, 1, 123_456_789, 2 ** 32 - 1]) {
      const clock = new SourceClock()
      expect(clock.map('video', start, 0)).toBe(0)
      expect(clock.map('audio', (start + 10) % 2 ** 32, 10)).toBe(10)
      expect(clock.map('video', (start + 33) % 2 ** 32, 33)).toBe(33)
      expect(clock.jumps).toBe(0)
    }
  })

  it('goes on over the 32-bit wrap, in both tracks', () => {
    const clock = new SourceClock()
    const start = 2 ** 32 - 500
    for (let t = 0; t < 2000; t += 20) {
      const stamp = (start + t) % 2 ** 32
      expect(clock.map(t % 40 === 0 ? 'video' : 'audio', stamp, t)).toBe(t)
    }
    expect(clock.jumps).toBe(0)
  })

  it('lets the second track begin before the wrap, and a stamp step back over it', () => {
    const clock = new SourceClock()
    expect(clock.map('video', 5, 0)).toBe(0)
    expect(clock.map('audio', 2 ** 32 - 10, 0)).toBe(-15)
    expect(clock.map('audio', 11, 20)).toBe(6)
    expect(clock.map('audio', 2 ** 32 - 1, 20)).toBe(-6)
    expect(clock.jumps).toBe(0)
  })

  it('takes a jump out, forwards or backwards, and keeps the tracks together', () => {
    for (const jump of [3_600_000, -5_000, 40_000, -1_000_000_000]) {
      const clock = new SourceClock()
      const at = (kind: 'video' | 'audio', t: number, shift = 0) => clock.map(kind, 2 ** 31 + t + shift, t)
      for (let t = 0; t <= 400; t += 40) {
        at('video', t)
        at('audio', t + 5)
      }
      const video = at('video', 440, jump)
      // The other track's samples from before the jump may still come.
      expect(at('audio', 445)).toBe(445)
      const audio = at('audio', 485, jump)
      expect(video).toBe(440)
      expect(audio).toBe(485)
      expect(at('video', 480, jump)).toBe(480)
      expect(clock.jumps).toBe(1)
    }
  })

  it('keeps a gap that real time explains', () => {
    const clock = new SourceClock()
    clock.map('video', 0, 0)
    clock.map('video', 33, 33)
    expect(clock.map('video', 8033, 8040)).toBe(8033)
    expect(clock.jumps).toBe(0)
  })

  it('keeps a gap that comes in a burst after a stall', () => {
    const clock = new SourceClock()
    clock.map('video', 0, 0)
    clock.map('audio', 5, 5)
    // Nothing for 6 s, then all at once: the encoder left 3 s of frames out.
    expect(clock.map('video', 3033, 6000)).toBe(3033)
    expect(clock.map('audio', 26, 6000)).toBe(26)
    expect(clock.map('video', 3066, 6000)).toBe(3066)
    expect(clock.jumps).toBe(0)
  })

  it('keeps the tracks together when a picture stood still for minutes while sound went on', () => {
    const clock = new SourceClock()
    clock.map('video', 0, 0)
    for (let t = 0; t < 120_000; t += 20) clock.map('audio', t, t)
    expect(clock.map('video', 120_000, 120_000)).toBe(120_000)
    expect(clock.jumps).toBe(0)
  })

  it('takes a burst as it is', () => {
    const clock = new SourceClock()
    clock.map('video', 0, 0)
    for (let t = 33; t < 5000; t += 33) expect(clock.map('video', t, 5000)).toBe(t)
    expect(clock.jumps).toBe(0)
  })

  it('lets tracks with clocks of their own begin together', () => {
    const clock = new SourceClock()
    clock.map('video', 1_000_000, 0)
    expect(clock.map('audio', 17, 3)).toBe(0)
    expect(clock.map('audio', 38, 24)).toBe(21)
  })
})
