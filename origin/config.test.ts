import { expect, test } from 'vitest'
import { isLocal, loadConfig } from './config.ts'

test('without anything set, the defaults hold together', () => {
  const config = loadConfig({}, 'supervisor')
  expect(config.publicUrl).toBe('http://localhost:8080')
  expect(config.blobsUrl).toBe('file:.data/blobs')
  expect(config.rtmpsPort).toBeNull()
})

test('a default follows the variable it is made from', () => {
  expect(loadConfig({ PORT: '81', DATA_DIR: '/srv' }, 'supervisor')).toMatchObject({
    publicUrl: 'http://localhost:81',
    blobsUrl: 'file:/srv/blobs',
  })
})

test('an empty variable is as good as none', () => {
  expect(loadConfig({ PORT: '' }, 'supervisor').port).toBe(8080)
})

test.each([
  [{ PORT: 'http' }, 'PORT must be a port number'],
  [{ PORT: '65536' }, 'PORT must be a port number'],
  [{ PUBLIC_URL: 'example.org' }, 'PUBLIC_URL must be an http or https address'],
  [{ BLOBS_URL: '/srv/blobs' }, 'BLOBS_URL must be a URL'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  [{ DEMO: 'maybe' }, 'DEMO must be 1 or 0'],
  [{ TLS_CERT: '/c' }, 'TLS_KEY must be set with TLS_CERT'],
  [{ TLS_CERT: '/c', TLS_KEY: '/k' }, 'PUBLIC_URL must be an https address'],
  [{ RTMPS_PORT: '1936' }, 'TLS_CERT must be set with RTMPS_PORT'],
  [{ DEMO: '1', PUBLIC_URL: 'https://example.org' }, 'PUBLIC_URL must be local'],
])('%j is refused by the name of the variable', (environment, message) => {
  expect(() => loadConfig(environment, 'supervisor')).toThrow(message)
})

test('a role that runs alone is told what it lacks', () => {
  expect(() => loadConfig({}, 'web')).toThrow('WEB_PORT is not set')
})

test('a spool has room for a few segments of every stream', () => {
  expect(() => loadConfig({ SPOOL_MAX_MIB: '63' }, 'ingest')).toThrow('SPOOL_MAX_MIB must be 64 at least')
  expect(() => loadConfig({ SPOOL_MAX_MIB: '64' }, 'ingest')).toThrow('INGEST_PORT is not set')
})

test('the sessions of a graphics card are a number of up to four digits', () => {
  const sessions = (text: string) => () => loadConfig({ NVENC_SESSIONS_MAX: text }, 'ingest')
  expect(sessions('10000')).toThrow('NVENC_SESSIONS_MAX must be a number')
  expect(sessions('-1')).toThrow('NVENC_SESSIONS_MAX must be a number')
  expect(sessions('9999')).toThrow('INGEST_PORT is not set')
})

test('a role cannot read what the table does not list for it', () => {
  const config = loadConfig({}, 'supervisor')
  expect(() => config.edgePrivateJwk).toThrow('EDGE_PRIVATE_JWK is not listed for supervisor')
})

test.each(['http://localhost:8080', 'http://127.0.0.1', 'http://[::1]:80', 'http://a.localhost'])(
  '%s is local',
  (url) => {
    expect(isLocal(url)).toBe(true)
  },
)

test.each(['https://localhost.example.org', 'http://192.168.1.2', 'https://127.example.org'])(
  '%s is not local',
  (url) => {
    expect(isLocal(url)).toBe(false)
  },
)
