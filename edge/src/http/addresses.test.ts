import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isWithin, parseAddress, parseRange } from './addresses.ts'

const within = (address: string, range: string) => {
  const [parsed, parsedRange] = [parseAddress(address), parseRange(range)]
  if (!parsed || !parsedRange) throw new Error('not well formed')
  return isWithin(parsed, [parsedRange])
}

test.each([
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.0.0.0', '10.0.0.0/8', false],
  ['192.168.1.127', '192.168.1.0/25', true],
  ['192.168.1.128', '192.168.1.0/25', false],
  ['203.0.113.7', '203.0.113.7', true],
  ['203.0.113.8', '203.0.113.7', false],
  ['203.0.113.8', '0.0.0.0/0', true],
  ['::1', '0.0.0.0/0', false],
  ['::ffff:10.1.2.3', '10.0.0.0/8', true],
  ['fd12::1', 'fd00::/8', true],
  ['fe80::1', 'fd00::/8', false],
  ['2001:db8::1', '2001:db8:0:0:0:0:0:1', true],
  ['::1', '::/0', true],
])('%s is in %s: %s', (address, range, expected) => {
  expect(within(address, range)).toBe(expected)
})

test.each([
  '',
  'localhost',
  '1.2.3',
  '1.2.3.256',
  '1.2.3.4.5',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  'g::',
  '12345::',
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeNull()
})

test.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '/8', 'x/8', '10.0.0.0/8/8'])(
  '%j is no range',
  (text) => {
    expect(parseRange(text)).toBeNull()
  },
)

test('whatever is read, an address has 16 bytes, and is in the range of itself', () => {
  const anything = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom(...'0f:.') }),
  )
  fc.assert(
    fc.property(anything, (text) => {
      const address = parseAddress(text)
      if (address === null) return
      expect(address.byteLength).toBe(16)
      expect(within(text, text)).toBe(true)
    }),
    { numRuns: 1000 },
  )
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => parseAddress(text) !== null))
})
