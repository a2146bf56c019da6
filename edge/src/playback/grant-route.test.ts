import { expect, test } from 'vitest'
import { createTestEdge, RpcFault, SITE, START_MS, TIMELINE, testId, VIDEO } from '../testing/test-edge.ts'

const PATH = `/api/v1/playback/live/${VIDEO}`

test('leave to play is an address with a token for this viewer and this video', async () => {
  const edge = await createTestEdge({
    authorize: ({ kind, assetId, sessionToken }) => {
      expect([kind, assetId, sessionToken]).toEqual(['live', VIDEO, 'opaque'])
      return { viewerId: testId(7), sessionId: testId(8), maxHeight: 720, ttlSeconds: 600 }
    },
    origin: () => new Response('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1280x720\nsource.m3u8\n'),
  })
  const response = await edge.get(PATH, {
    method: 'POST',
    headers: { cookie: 'a=b; session=opaque', 'sec-fetch-site': 'same-origin' },
  })
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const { master, ...rest } = (await response.json()) as { master: string }
  expect(rest).toEqual({ kind: 'live', expiresAt: new Date(START_MS + 600_000).toISOString() })
  const token = master.split('/')[2] ?? ''
  expect(master).toBe(`/p/${token}/live/${VIDEO}/master.m3u8`)
  expect(await edge.key.verify(token, 'playback', START_MS)).toMatchObject({
    sub: testId(7),
    ses: testId(8),
    knd: 'live',
    ast: VIDEO,
    tml: TIMELINE,
    cap: 720,
  })
  expect((await edge.get(master)).status).toBe(200)
})

test('a token lasts 12 h at most, each names a session of its own', async () => {
  const edge = await createTestEdge({ authorize: () => ({ ttlSeconds: 1_000_000 }) })
  const claims = []
  for (let i = 0; i < 2; i++) {
    const { master } = (await (await edge.get(PATH, { method: 'POST' })).json()) as { master: string }
    claims.push(await edge.key.verify(master.split('/')[2] ?? '', 'playback', START_MS))
  }
  expect(Number(claims[0]?.exp) - START_MS / 1000).toBe(12 * 3600)
  expect(claims[0]).not.toHaveProperty('sub')
  expect(claims[0]).not.toHaveProperty('ses')
  expect(claims[0]).not.toHaveProperty('cap')
  expect(claims[0]?.sid).not.toBe(claims[1]?.sid)
})

test.each([
  ['not_found', 'x', 404, '/problems/not-found', 'There is no such video.'],
  ['permission_denied', 'Only for members.', 403, '/problems/forbidden', 'Only for members.'],
  ['failed_precondition', 'It is over.', 409, '/problems/not-live', 'It is over.'],
  ['internal', 'a secret', 503, '/problems/unavailable', 'Nobody could be asked just now. Try again.'],
])('an api role that says %s is told in words', async (code, message, status, type, detail) => {
  const edge = await createTestEdge({
    authorize: () => {
      throw new RpcFault(code, message)
    },
  })
  const response = await edge.get(PATH, { method: 'POST' })
  expect(response.status).toBe(status)
  const requestId = response.headers.get('x-request-id')
  expect(await response.json()).toMatchObject({ type, detail, requestId })
})

test.each([
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ origin: 'https://evil.test' }, 403],
  [{ origin: SITE }, 200],
  [{}, 200],
])('asked with %o it is %i', async (headers, status) => {
  const edge = await createTestEdge()
  const response = await edge.get(PATH, { method: 'POST', headers: headers as Record<string, string> })
  expect(response.status).toBe(status)
  expect(edge.rpcs.length).toBe(status === 200 ? 1 : 0)
})

test('only the cookie with the __Host- prefix counts on https', async () => {
  const seen: string[] = []
  const edge = await createTestEdge({
    publicUrl: 'https://site.test',
    authorize: ({ sessionToken }) => {
      seen.push(sessionToken)
      return {}
    },
  })
  await edge.get(PATH, { method: 'POST', headers: { cookie: 'session=planted' } })
  await edge.get(PATH, { method: 'POST', headers: { cookie: 'session=planted; __Host-session=own' } })
  expect(seen).toEqual(['', 'own'])
})

test('an address that is not well formed is 400 and names the field', async () => {
  const edge = await createTestEdge()
  const response = await edge.get('/api/v1/playback/trailer/short', { method: 'POST' })
  expect(response.status).toBe(400)
  const { errors } = (await response.json()) as { errors: { field: string }[] }
  expect(errors.map(({ field }) => field)).toEqual(['kind', 'id'])
})
