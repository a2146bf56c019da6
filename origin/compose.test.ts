import { expect, test } from 'vitest'
import { openByScheme } from './compose.ts'

const adapters = { 'file:': (rest: string) => `folder ${rest}`, 's3:': (rest: string) => `bucket ${rest}` }

test('the scheme of a URL picks the adapter', () => {
  expect(openByScheme('BLOBS_URL', 'file:/srv/blobs', adapters)).toBe('folder /srv/blobs')
  expect(openByScheme('BLOBS_URL', 's3://bucket', adapters)).toBe('bucket //bucket')
})

test.each(['ftp://host', 'constructor:x', 'nothing'])(
  '%s is refused with the variable and what it takes',
  (url) => {
    expect(() => openByScheme('BLOBS_URL', url, adapters)).toThrow('BLOBS_URL must begin with file: or s3:')
  },
)
