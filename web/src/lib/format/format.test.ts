import { describe, expect, it } from 'vitest'
import { avatarHue, initial } from './avatar.ts'
import { bitrate, frameRate, seconds } from './rate.ts'
import { ago, clock } from './time.ts'

describe('lengths', () => {
  it('read like a clock', () => {
    expect(clock(0)).toBe('0:00')
    expect(clock(7_900)).toBe('0:07')
    expect(clock(754_000)).toBe('12:34')
    expect(clock(3_723_000)).toBe('1:02:03')
  })
  it('that are no length are zero', () => {
    expect(clock(Number.POSITIVE_INFINITY)).toBe('0:00')
    expect(clock(Number.NaN)).toBe('0:00')
    expect(clock(-5_000)).toBe('0:00')
  })
})

describe('how long ago', () => {
  const now = Date.parse('2026-11-22T12:00:00.000Z')
  it('is said in the largest unit that fits', () => {
    expect(ago('2026-11-22T11:55:00.000Z', now)).toBe('5 minutes ago')
    expect(ago('2026-11-21T11:00:00.000Z', now)).toBe('yesterday')
    expect(ago('2026-10-01T00:00:00.000Z', now)).toBe('last month')
  })
  it('is "now" under a minute and when the clocks differ', () => {
    expect(ago('2026-11-22T11:59:30.000Z', now)).toBe('now')
    expect(ago('2026-11-22T12:00:09.000Z', now)).toBe('now')
  })
})

describe('rates', () => {
  it('have their unit', () => {
    expect(bitrate(2_612_345)).toBe('2.6\u00a0Mb/s')
    expect(bitrate(12_400_000)).toBe('12\u00a0Mb/s')
    expect(bitrate(128_000)).toBe('128\u00a0kb/s')
    expect(seconds(2_000)).toBe('2.0\u00a0s')
  })
  it('of frames are the usual ones, where counting came close to one', () => {
    expect(frameRate(30.2)).toBe('30')
    expect(frameRate(29.97)).toBe('30')
    expect(frameRate(25.6)).toBe('25')
    expect(frameRate(23.976)).toBe('24')
    expect(frameRate(12.4)).toBe('12.4')
    expect(frameRate(1)).toBe('1')
  })
})

describe('a channel’s sign', () => {
  it('is its first letter, whole', () => {
    expect(initial('wood & wire')).toBe('W')
    expect(initial(' 👩‍🚀 crew')).toBe('👩‍🚀')
    expect(initial('')).toBe('?')
  })
  it('has a colour that stays', () => {
    expect(avatarHue('nightowl')).toBe(avatarHue('nightowl'))
    expect(avatarHue('nightowl')).not.toBe(avatarHue('nightowm'))
    expect(avatarHue('nightowl')).toBeLessThan(360)
  })
})
