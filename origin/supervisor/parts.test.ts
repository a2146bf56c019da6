import { EDGE_VARIABLES } from '@streamtube/contracts/edge-process.ts'
import { expect, test } from 'vitest'
import { type Environment, loadConfig, variables } from '../config.ts'
import { partEnvironment, partSpecs } from './parts.ts'

const ports = {
  api: 1,
  rpc: 2,
  ingest: 3,
  web: 4,
  metrics: { edge: 10, api: 11, ingest: 12, transcode: 13, web: 14, supervisor: 15 },
}
const secrets = {
  serviceToken: 'service-secret',
  edgePrivateJwk: '{"d":"edge-secret"}',
  edgePublicJwks: '{"keys":[]}',
}

function input(environment: Environment = {}) {
  const config = loadConfig(environment, 'supervisor')
  return { config, environment, ports, secrets, root: '/app', node: '/node', deno: '/deno' }
}

test('every part can parse what it is given', () => {
  for (const part of ['web', 'api', 'ingest', 'transcode'] as const) {
    expect(() => loadConfig(partEnvironment(part, input()), part)).not.toThrow()
  }
})

test('a secret reaches only the parts that read it', () => {
  const holders = (secret: string) =>
    partSpecs(input())
      .filter(({ env }) => Object.values(env).some((value) => value.includes(secret)))
      .map(({ name }) => name)
      .sort()
  expect(holders('edge-secret')).toEqual(['edge'])
  expect(holders('service-secret')).toEqual(['api', 'edge', 'ingest', 'transcode'])
})

test('the machine’s own variables pass, ours pass only to who reads them', () => {
  const env = partEnvironment(
    'transcode',
    input({ HOME: '/anywhere', TLS_KEY: '/k', TLS_CERT: '/c', PUBLIC_URL: 'https://a.b' }),
  )
  expect(env.HOME).toBe('/anywhere')
  expect(env.TLS_KEY).toBeUndefined()
})

test('the edge is allowed to read exactly the variables that the table lists for it', () => {
  const listed = Object.values(variables).filter(({ readBy }) =>
    (readBy as readonly string[]).includes('edge'),
  )
  expect(listed.map(({ name }) => name).sort()).toEqual([...EDGE_VARIABLES].sort())
})

test('in development every part watches its files, but the edge: the supervisor replaces that', () => {
  const specs = partSpecs(input({ WATCH: '1' }))
  const watching = specs.filter(({ args }) => args.includes('--watch') || args.includes('--dev'))
  expect(watching.map(({ name }) => name)).toEqual(['api', 'ingest', 'transcode', 'web'])
  expect(Math.max(...specs.map(({ stopWithinMs }) => stopWithinMs))).toBeLessThan(700)
  expect(specs.filter(({ replacement }) => replacement).map(({ name }) => name)).toEqual(['edge'])
})
