import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRange } from './ranges.ts'

test.each([
  ['bytes=0-99', { type: 'range', range: { start: 0, end: 99 } }],
  ['bytes=5-', { type: 'range', range: { start: 5 } }],
  ['BYTES = 5-6', { type: 'range', range: { start: 5, end: 6 } }],
  ['bytes=-10', { type: 'suffix', lengthBytes: 10 }],
  ['bytes=9-5', null],
  ['bytes=-', null],
  ['bytes=0-1,3-4', null],
  ['items=0-1', null],
  [undefined, null],
])('%s', (header, expected) => {
  expect(parseRange(header)).toEqual(expected)
})

test('never throws, and numbers are always safe', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^bytes=[\d,-]{0,40}$/)), (header) => {
      const parsed = parseRange(header)
      if (parsed?.type === 'range')
        expect(Number.isSafeInteger(parsed.range.end ?? parsed.range.start)).toBe(true)
    }),
  )
})
