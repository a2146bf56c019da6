import { describe, expect, test } from 'vitest'
import { parseRange } from '../http/addresses.ts'
import { createTestEdge } from '../testing/test-edge.ts'
import { clientBehind } from './proxies.ts'

const trusted = ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'].flatMap((text) => parseRange(text) ?? [])

const behind = (remote: string, said: Record<string, string>, ranges = trusted) =>
  clientBehind(remote, new Headers(said), ranges)

describe('a client', () => {
  test.each([
    ['behind a trusted proxy', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['behind two', '127.0.0.1', '198.51.100.1, 10.2.3.4', '198.51.100.1'],
    ['behind one that speaks IPv6', 'fd00::5', '2001:db8::1', '2001:db8::1'],
    [
      'that invents addresses before its own',
      '127.0.0.1',
      '10.9.9.9, 192.0.2.1, 198.51.100.1',
      '198.51.100.1',
    ],
    ['behind a proxy that says nothing', '127.0.0.1', '', '127.0.0.1'],
    ['behind a proxy that says nonsense', '127.0.0.1', 'unknown', '127.0.0.1'],
    ['of the proxies’ own network', '127.0.0.1', '10.2.3.4', '10.2.3.4'],
    ['that is nobody’s proxy', '198.51.100.9', '192.0.2.1', '198.51.100.9'],
  ])('%s: %s says %j', (_, remote, said, address) => {
    expect(behind(remote, { 'x-forwarded-for': said }).address).toBe(address)
  })

  test('is never believed where no proxy is trusted', () => {
    const said = { 'x-forwarded-for': '192.0.2.1', 'x-forwarded-proto': 'https' }
    expect(behind('127.0.0.1', said, [])).toEqual({ address: '127.0.0.1', scheme: undefined })
  })

  test.each([
    ['127.0.0.1', 'https', 'https'],
    ['127.0.0.1', 'https, http', 'http'],
    ['127.0.0.1', 'gopher', undefined],
    ['198.51.100.9', 'https', undefined],
  ])('from %s by %s: %s', (remote, said, scheme) => {
    expect(behind(remote, { 'x-forwarded-proto': said }).scheme).toBe(scheme)
  })
})

test.each([
  ['a trusted proxy', ['203.0.113.0/24'], '198.51.100.1', 'https'],
  ['anybody else', ['10.0.0.0/8'], '203.0.113.7', 'http'],
])(
  'what %s says of its client reaches the servers behind, or does not',
  async (_, ranges, address, scheme) => {
    const trustedProxies = ranges.flatMap((text) => parseRange(text) ?? [])
    const edge = await createTestEdge({ trustedProxies, origin: () => new Response('x') })
    const headers = { 'x-forwarded-for': '192.0.2.9, 198.51.100.1', 'x-forwarded-proto': 'https' }
    await edge.get('/api/v1/session', { headers })
    expect(Object.fromEntries(edge.asked[0]?.headers ?? [])).toMatchObject({
      'x-forwarded-for': address,
      'x-forwarded-proto': scheme,
    })
  },
)
