import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalDirectives } from './directives.ts'

test('one question has one spelling', () => {
  expect(canonicalDirectives('_HLS_skip=YES&x=1&_HLS_part=02&_HLS_msn=7')).toBe(
    '?_HLS_msn=7&_HLS_part=2&_HLS_skip=YES',
  )
  expect(canonicalDirectives('utm_source=x')).toBe('')
})

test('whatever is asked, the answer is canonical or none', () => {
  const pair = fc.tuple(
    fc.oneof(fc.constantFrom('_HLS_msn', '_HLS_part', '_HLS_skip'), fc.string()),
    fc.oneof(fc.string(), fc.nat().map(String), fc.constantFrom('YES', 'v2')),
  )
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const canonical = canonicalDirectives(pairs.map(([name, value]) => `${name}=${value}`).join('&'))
      if (!canonical) return
      expect(canonical).toMatch(/^\?(_HLS_msn=\d+(&_HLS_part=\d+)?)?&?(_HLS_skip=(YES|v2))?$/)
      expect(canonicalDirectives(canonical.slice(1))).toBe(canonical)
    }),
  )
})
