import { describe, expect, test } from 'vitest'
import { comesFromOwnPages, type RequestOrigin } from './csrf.ts'

const post: RequestOrigin = {
  method: 'POST',
  secFetchSite: undefined,
  origin: undefined,
  ownOrigins: ['https://tube.example'],
}

describe('a request that changes something', () => {
  test('passes from the site itself', () => {
    expect(comesFromOwnPages({ ...post, secFetchSite: 'same-origin' })).toBe(true)
    expect(comesFromOwnPages({ ...post, origin: 'https://tube.example' })).toBe(true)
  })

  test.each(['cross-site', 'same-site', 'none'])(
    'is refused from %s, whatever its Origin',
    (secFetchSite) => {
      expect(comesFromOwnPages({ ...post, secFetchSite, origin: 'https://tube.example' })).toBe(false)
    },
  )

  test.each(['https://evil.example', 'http://tube.example', 'null', 'https://tube.example.evil.example'])(
    'is refused from the origin %s',
    (origin) => {
      expect(comesFromOwnPages({ ...post, origin })).toBe(false)
    },
  )

  test('is refused when it says nothing of where it comes from', () => {
    expect(comesFromOwnPages(post)).toBe(false)
  })
})

test('reading is open to everyone', () => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    expect(comesFromOwnPages({ ...post, method, secFetchSite: 'cross-site' })).toBe(true)
  }
})
