import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { create, toBinary } from '@bufbuild/protobuf'
import {
  ListRevocationsResponseSchema,
  LocateResponseSchema,
} from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { build } from 'esbuild'
import { Miniflare, Response as WorkerResponse } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importSigningKey } from './keys/jwt.ts'
import { makePrivateJwk, TIMELINE, testId, VIDEO } from './testing/test-edge.ts'

const OBJECT = `m/${TIMELINE}/source/1/s7.m4s`
const asked: string[] = []
const revoked: string[] = []
let worker: Miniflare | undefined
let privateJwk = ''

/** The origins of the worker: it has no other way out. */
function origin(url: string): WorkerResponse {
  if (url.endsWith('/ListRevocations')) {
    const revocations = revoked.map((sessionId) => ({
      sessionId,
      expiresAtMs: BigInt(Date.now() + 3_600_000),
    }))
    const list = create(ListRevocationsResponseSchema, { revocations, cursor: 'x' })
    return new WorkerResponse(toBinary(ListRevocationsResponseSchema, list), {
      headers: { 'content-type': 'application/proto' },
    })
  }
  asked.push(url)
  if (!url.includes('/rpc/')) {
    return new WorkerResponse('0123456789', {
      headers: { 'content-type': 'video/mp4', 'content-length': '10' },
    })
  }
  const answer = create(LocateResponseSchema, { libraryUrl: 'http://api.test', maxAgeMs: 1000 })
  return new WorkerResponse(toBinary(LocateResponseSchema, answer), {
    headers: { 'content-type': 'application/proto' },
  })
}

async function token(claims: Record<string, unknown> = {}, jwk = privateJwk): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const key = await importSigningKey(jwk)
  const good = {
    aud: 'playback',
    sid: testId(3),
    knd: 'vod',
    ast: VIDEO,
    tml: TIMELINE,
    iat,
    exp: iat + 600,
  } as const
  return key.sign({ ...good, ...claims })
}

async function get(path: string, init: { method?: string; headers?: Record<string, string> } = {}) {
  if (!worker) throw new Error('no worker')
  return worker.dispatchFetch(`http://site.test${path}`, init)
}

beforeAll(async () => {
  privateJwk = await makePrivateJwk()
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'main.workers.ts')],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser', 'import'],
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'no-node',
        setup({ onResolve }) {
          const pattern = new RegExp(
            `^(node:.*|${builtinModules.filter((name) => !name.startsWith('_')).join('|')})$`,
          )
          onResolve({ filter: pattern }, ({ path }) => ({ errors: [{ text: `${path} is a part of Node` }] }))
        },
      },
    ],
  })
  worker = new Miniflare({
    modules: [{ type: 'ESModule', path: 'edge.mjs', contents: outputFiles[0]?.text ?? '' }],
    compatibilityDate: '2026-01-01',
    bindings: {
      PUBLIC_URL: 'http://site.test',
      API_URL: 'http://api.test',
      WEB_URL: 'http://web.test',
      SERVICE_TOKEN: 'service-token-of-the-tests',
      EDGE_PRIVATE_JWK: privateJwk,
      LOG_LEVEL: 'silent',
    },
    outboundService: (request: { url: string }) => origin(request.url),
  })
  await worker.ready
}, 60_000)
afterAll(() => worker?.dispose())

test('a Worker plays what a token is for, and keeps it', async () => {
  const path = `/p/${await token()}/${OBJECT}`
  for (let i = 0; i < 3; i++) {
    const response = await get(path)
    expect([response.status, await response.text()]).toEqual([200, '0123456789'])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  }
  const range = await get(path, { headers: { range: 'bytes=1-2' } })
  expect([range.status, await range.text()]).toEqual([206, '12'])
  expect(asked.filter((url) => url.endsWith(OBJECT))).toEqual([`http://api.test/media/${OBJECT}`])
})

test('what a Worker asks its origin for, it asks in one spelling and without the token, whoever wants it', async () => {
  const before = asked.length
  for (const [sid, query] of [
    [testId(21), '_HLS_msn=7&_HLS_part=2&utm_source=x'],
    [testId(22), '_HLS_part=02&_HLS_msn=007'],
  ] as const) {
    const response = await get(`/p/${await token({ sid, knd: 'live' })}/live/${VIDEO}/source.m3u8?${query}`)
    expect([response.status, await response.text()]).toEqual([200, '0123456789'])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'no-cache',
    })
  }
  const playlists = asked.slice(before).filter((url) => url.includes('.m3u8'))
  expect(new Set(playlists)).toEqual(
    new Set([`http://api.test/media/live/${VIDEO}/source.m3u8?_HLS_msn=7&_HLS_part=2`]),
  )
})

test('a Worker refuses a token that is forged, expired or for something else', async () => {
  for (const bad of [
    await token({}, await makePrivateJwk()),
    await token({ exp: 1 }),
    await token({ tml: testId(9) }),
    'x.y.z',
  ]) {
    const response = await get(`/p/${bad}/${OBJECT}`)
    expect([response.status, response.headers.get('content-type')]).toEqual([403, 'application/problem+json'])
    await response.body?.cancel()
  }
})

test('a Worker forwards pages and answers what it does not like itself', async () => {
  const page = await get('/watch/1')
  expect([page.status, page.headers.get('x-content-type-options')]).toEqual([200, 'nosniff'])
  await page.body?.cancel()
  expect(asked.at(-1)).toBe('http://web.test/watch/1')
  const bad = await get('/api/v1/playback/clip/x', { method: 'POST' })
  expect(bad.status).toBe(400)
  await bad.body?.cancel()
})

test('a Worker refuses a revoked session within 2 s, and nobody else', async () => {
  const [mine, theirs] = [testId(7), testId(8)]
  const paths = [`/p/${await token({ ses: mine })}/${OBJECT}`, `/p/${await token({ ses: theirs })}/${OBJECT}`]
  const statuses = () =>
    Promise.all(
      paths.map(async (path) => {
        const response = await get(path)
        await response.body?.cancel()
        return response.status
      }),
    )
  expect(await statuses()).toEqual([200, 200])
  revoked.push(mine)
  await expect.poll(statuses, { timeout: 10_000 }).toEqual([403, 200])
})
