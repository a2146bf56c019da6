import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directivesQuery, parseDirectives } from './directives.ts'

function canonical(query: string): string | null {
  const directives = parseDirectives(query)
  return directives && directivesQuery(directives)
}

test('one question has one spelling', () => {
  expect(canonical('_HLS_skip=YES&x=1&_HLS_part=02&_HLS_msn=7')).toBe('?_HLS_msn=7&_HLS_part=2&_HLS_skip=YES')
  expect(canonical('_HLS_msn=0&_HLS_part=0')).toBe('?_HLS_msn=0&_HLS_part=0')
  expect(canonical('utm_source=x')).toBe('')
})

test.each([
  '_HLS_msn=x',
  '_HLS_msn=-1',
  '_HLS_msn=1e3',
  '_HLS_msn=',
  '_HLS_msn=1234567890123456',
  '_HLS_part=1',
  '_HLS_msn=1&_HLS_part=1.5',
  '_HLS_skip=NO',
])('%s is not well formed', (query) => {
  expect(parseDirectives(query)).toBeNull()
})

test('whatever is asked, the answer is canonical or none', () => {
  const pair = fc.tuple(
    fc.oneof(fc.constantFrom('_HLS_msn', '_HLS_part', '_HLS_skip'), fc.string()),
    fc.oneof(fc.string(), fc.nat().map(String), fc.constantFrom('YES', 'v2')),
  )
  fc.assert(
    fc.property(fc.array(pair), (pairs) => {
      const query = canonical(pairs.map(([name, value]) => `${name}=${value}`).join('&'))
      if (!query) return
      expect(query).toMatch(/^\?(_HLS_msn=\d+(&_HLS_part=\d+)?)?&?(_HLS_skip=(YES|v2))?$/)
      expect(canonical(query.slice(1))).toBe(query)
    }),
  )
})
