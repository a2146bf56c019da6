import { expect, test } from 'vitest'
import { keepingOf } from './keeping.ts'

const keeping = (cacheControl: string, more: Record<string, string> = {}) =>
  keepingOf(new Headers({ 'cache-control': cacheControl, ...more }))

test('what says that it may be shared is kept for as long as it says', () => {
  expect(keeping('public, max-age=0, s-maxage=2, stale-while-revalidate=10, stale-if-error=60')).toEqual({
    freshMs: 2000,
    revalidateMs: 10_000,
    errorMs: 60_000,
  })
  expect(keeping('Public,S-MaxAge=1')).toEqual({ freshMs: 1000, revalidateMs: 0, errorMs: 0 })
})

test.each([
  ['nothing', ''],
  ['no time', 'public'],
  ['a time for browsers only', 'public, max-age=60'],
  ['a time that is none', 'public, s-maxage=soon'],
  ['a time below zero', 'public, s-maxage=-1'],
  ['that it is private', 'private, s-maxage=60'],
  ['both', 'public, private, s-maxage=60'],
  ['not to store it', 'public, no-store, s-maxage=60'],
])('what says %s is not shared', (_, cacheControl) => {
  expect(keeping(cacheControl)).toBeUndefined()
})

test.each([
  ['sets a cookie', { 'set-cookie': 'a=b' }],
  ['depends on the cookie', { vary: 'Accept-Encoding, Cookie' }],
  ['depends on everything', { vary: '*' }],
  ['depends on the language', { vary: 'accept-language' }],
])('what %s is not shared', (_, headers) => {
  expect(keeping('public, s-maxage=60', headers as Record<string, string>)).toBeUndefined()
})

test('what depends on what the edge always asks alike is shared', () => {
  expect(keeping('public, s-maxage=60', { vary: 'Accept, accept-encoding' })).toBeDefined()
})
