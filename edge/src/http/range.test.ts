import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRange } from './range.ts'

test('a range lies within the body, whatever is asked', () => {
  const header = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.bigInt({ min: 0n, max: 10n ** 20n }))
      .map(([a, b]) => `bytes=${a}-${b}`),
    fc.nat(200).map((n) => `bytes=-${n}`),
    fc.nat(200).map((n) => `bytes=${n}-`),
  )
  fc.assert(
    fc.property(header, fc.nat(100), (text, size) => {
      const range = parseRange(text, size)
      if (range === undefined || range === 'unsatisfiable') return
      expect(range.start).toBeGreaterThanOrEqual(0)
      expect(range.start).toBeLessThanOrEqual(range.end)
      expect(range.end).toBeLessThan(size)
    }),
  )
})
