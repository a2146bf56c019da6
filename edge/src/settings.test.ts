import { EDGE_VARIABLES } from '@streamtube/contracts/edge-process.ts'
import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

const good = {
  PUBLIC_URL: 'https://site.test/',
  API_URL: 'http://127.0.0.1:1',
  WEB_URL: 'http://127.0.0.1:2',
  SERVICE_TOKEN: 'a'.repeat(43),
  EDGE_PRIVATE_JWK: '{}',
}

test('what every edge needs is read, without slashes at the end of addresses', () => {
  const read: string[] = []
  const settings = readSettings((name) => {
    read.push(name)
    return { ...good }[name]
  }, 32)
  expect(settings).toMatchObject({
    config: { publicUrl: 'https://site.test', limits: { mediaCacheBytes: 32 * 1024 * 1024 } },
    logLevel: 'info',
  })
  expect(EDGE_VARIABLES).toEqual(expect.arrayContaining(read))
})

test.each([
  ['API_URL', undefined, 'API_URL is not set'],
  ['API_URL', '', 'API_URL is not set'],
  ['WEB_URL', 'ftp://x', 'WEB_URL must be an http or https address'],
  ['SERVICE_TOKEN', 'short', 'SERVICE_TOKEN must be 16 characters at least'],
  ['EDGE_CACHE_MIB', '7', 'EDGE_CACHE_MIB must be 8 at least'],
  ['EDGE_CACHE_MIB', '1e3', 'EDGE_CACHE_MIB must be a number of MiB'],
  ['TRUSTED_PROXIES', '10.0.0.0/8, proxy.local', 'TRUSTED_PROXIES must be addresses or ranges'],
  ['LOG_LEVEL', 'loud', 'LOG_LEVEL must be a level'],
])('%s=%s is named', (name, value, message) => {
  const environment: Record<string, string | undefined> = { ...good, [name]: value }
  expect(() => readSettings((key) => environment[key], 32)).toThrow(message)
})

test('the memory for media is as said', () => {
  const environment: Record<string, string> = { ...good, EDGE_CACHE_MIB: '8' }
  const { config } = readSettings((key) => environment[key], 32)
  expect(config.limits.mediaCacheBytes).toBe(8 * 1024 * 1024)
})
