import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nextPath } from './next-path.ts'

const at = (next: string) => new URL(`https://tube.example/sign-in?next=${encodeURIComponent(next)}`)

it('goes back to where the person came from', () => {
  expect(nextPath(at('/studio/live?x=1'))).toBe('/studio/live?x=1')
  expect(nextPath(new URL('https://tube.example/sign-in'))).toBe('/')
})

it('never leaves the site', () => {
  for (const next of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '\t//evil.example',
  ]) {
    expect(nextPath(at(next))).toBe('/')
  }
  fc.assert(
    fc.property(fc.string(), (next) => {
      const path = nextPath(at(next))
      expect(new URL(path, 'https://tube.example').origin).toBe('https://tube.example')
    }),
  )
})
