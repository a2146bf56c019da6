import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CODE_BITS, decodeTime, encodeTime } from './clock-code.ts'
import { ClockPicture, HEIGHT, STRIP, WIDTH } from './clock-picture.ts'

/** Reads the strip as the page does: the middle of each square. */
function readStrip(picture: Buffer): boolean[] {
  const square = STRIP.width / CODE_BITS
  return Array.from({ length: CODE_BITS }, (_, i) => {
    const x = STRIP.x + i * square + square / 2
    return (picture[(STRIP.y + STRIP.height / 2) * WIDTH + x] ?? 0) > 127
  })
}

it('shows any time of this century, to be read back to the millisecond', () => {
  const picture = new ClockPicture()
  const times = fc.integer({ min: 0, max: Date.UTC(2100, 0) })
  fc.assert(
    fc.property(times, fc.nat(100_000), (timeMs, index) => {
      expect(decodeTime(readStrip(picture.draw(timeMs, index)))).toBe(timeMs)
    }),
    { numRuns: 50 },
  )
})

it('is not believed with one square wrong', () => {
  const bits = encodeTime(Date.UTC(2026, 10, 22))
  for (let i = 0; i < CODE_BITS; i++) expect(decodeTime(bits.with(i, !bits[i]))).toBeNull()
  expect(decodeTime(bits.slice(1))).toBeNull()
})

it('is a whole picture that moves', () => {
  const picture = new ClockPicture()
  const first = picture.draw(0, 0)
  expect(first).toHaveLength((WIDTH * HEIGHT * 3) / 2)
  expect(first.equals(picture.draw(0, 1))).toBe(false)
})
