import { describe, expect, test } from 'vitest'
import { API, createTestEdge, WEB } from '../testing/test-edge.ts'

const ok = () => new Response('hello', { headers: { 'content-type': 'text/plain' } })

describe('forwarding', () => {
  test.each([
    ['/api/v1/videos?limit=2', `${API}/api/v1/videos?limit=2`],
    ['/thumbnails/a/1.jpg', `${API}/thumbnails/a/1.jpg`],
    ['/watch/1', `${WEB}/watch/1`],
    ['/', `${WEB}/`],
    ['//evil.test/x', `${WEB}//evil.test/x`],
    ['/media/m/x', `${WEB}/media/m/x`],
    ['/rpc/streamtube.v1.EdgeService/Locate', `${WEB}/rpc/streamtube.v1.EdgeService/Locate`],
    ['/api/../rpc/x', `${WEB}/rpc/x`],
    ['/api/%2e%2e/media/m/x', `${WEB}/media/m/x`],
    ['/api/.%2E\\media/m/x', `${WEB}/media/m/x`],
    ['/api/v1/..%2f..%2fmedia/x', `${API}/api/v1/..%2f..%2fmedia/x`],
    ['/x/../api/v1/videos', `${API}/api/v1/videos`],
  ])('%s goes to %s', async (path, url) => {
    const edge = await createTestEdge({ origin: ok })
    const signal = new AbortController().signal
    const request = {
      url: `http://site.test${path}`,
      method: 'GET',
      headers: new Headers(),
      body: null,
      signal,
    }
    const response = await edge.app.fetch(request as unknown as Request, () => '203.0.113.7')
    expect(response.status).toBe(200)
    expect(edge.asked.map((asked) => asked.url)).toEqual([url])
    expect(edge.asked[0]?.headers.get('x-streamtube-edge')).toMatch(/^ey/)
  })

  test('what a client says of himself as if he were a proxy or an edge is replaced', async () => {
    const edge = await createTestEdge({ origin: ok })
    await edge.get('/api/v1/session', {
      headers: {
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'evil.test',
        'x-forwarded-user': 'root',
        'x-streamtube-edge': 'forged',
        'x-streamtube-anything': '1',
        'x-request-id': 'mine',
        'x-real-ip': '10.0.0.1',
        'cf-connecting-ip': '10.0.0.1',
        forwarded: 'for=10.0.0.1',
        'accept-encoding': 'gzip',
        'user-agent': 'test',
      },
    })
    const headers = Object.fromEntries(edge.asked[0]?.headers ?? [])
    const { 'x-streamtube-edge': proof = '', 'x-request-id': requestId, ...rest } = headers
    expect(rest).toEqual({
      'accept-encoding': 'identity',
      'user-agent': 'test',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-host': 'site.test',
      'x-forwarded-proto': 'http',
    })
    expect(requestId).not.toBe('mine')
    expect(await edge.key.verify(proof, 'origin', edge.clock.nowMs)).toMatchObject({ aud: 'origin' })
  })

  test('how long answers take is counted by kind of route', async () => {
    const edge = await createTestEdge({
      origin: () => {
        edge.clock.nowMs += 70
        return ok()
      },
    })
    await edge.get('/api/v1/videos')
    const figures = edge.metrics.text()
    expect(figures).toContain('streamtube_edge_request_duration_seconds_sum{process="edge",route="api"} 0.07')
    expect(figures).toContain('duration_seconds_bucket{process="edge",route="api",le="0.05"} 0')
  })

  test('the request id goes to the origin, to the client and into the log', async () => {
    const edge = await createTestEdge({ origin: ok })
    const response = await edge.get('/watch/1?token=secret')
    const requestId = response.headers.get('x-request-id')
    expect(edge.asked[0]?.headers.get('x-request-id')).toBe(requestId)
    const line = JSON.parse(edge.lines.at(-1) ?? '')
    expect(line).toMatchObject({ requestId, process: 'edge', method: 'GET', path: '/watch/1', status: 200 })
    expect(edge.lines.join()).not.toContain('secret')
  })

  test('headers between neighbours stay between them, both ways', async () => {
    const edge = await createTestEdge({
      origin: () =>
        new Response('x', {
          headers: {
            connection: 'close, x-private',
            'x-private': '1',
            'keep-alive': 'timeout=5',
            server: 'node',
            'x-powered-by': 'kit',
            'x-kept': '1',
          },
        }),
    })
    const headers = new Headers({ connection: 'x-mine', 'x-mine': '1', te: 'trailers', 'x-theirs': '2' })
    const request = {
      url: 'http://site.test/studio/live',
      method: 'GET',
      headers,
      body: null,
      signal: new AbortController().signal,
    }
    const response = await edge.app.fetch(request as unknown as Request, () => '::ffff:203.0.113.7')
    const sent = edge.asked[0]?.headers
    expect([sent?.has('x-mine'), sent?.has('te'), sent?.has('connection'), sent?.get('x-theirs')]).toEqual([
      false,
      false,
      false,
      '2',
    ])
    expect(sent?.get('x-forwarded-for')).toBe('203.0.113.7')
    const names = [...response.headers.keys()]
    expect(names).toContain('x-kept')
    for (const name of ['connection', 'keep-alive', 'x-private', 'server', 'x-powered-by']) {
      expect(names).not.toContain(name)
    }
  })

  test('cookies pass both ways untouched', async () => {
    const edge = await createTestEdge({
      origin: () =>
        new Response(null, {
          status: 302,
          headers: [
            ['set-cookie', 'session=a; HttpOnly; SameSite=Lax; Path=/'],
            ['set-cookie', 'theme=dark; Expires=Wed, 09 Jun 2027 10:18:14 GMT'],
            ['location', '/next'],
          ],
        }),
    })
    const response = await edge.get('/x', {
      headers: { cookie: 'session=abc; other="q=1"' },
      redirect: 'manual',
    })
    expect(edge.asked[0]?.headers.get('cookie')).toBe('session=abc; other="q=1"')
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/next')
    expect(response.headers.getSetCookie()).toEqual([
      'session=a; HttpOnly; SameSite=Lax; Path=/',
      'theme=dark; Expires=Wed, 09 Jun 2027 10:18:14 GMT',
    ])
  })

  test('bodies go both ways', async () => {
    const edge = await createTestEdge({
      origin: ({ body }) => new Response(body.toUpperCase(), { status: 201 }),
    })
    const response = await edge.get('/api/v1/channels', { method: 'POST', body: 'hello' })
    expect([response.status, await response.text()]).toEqual([201, 'HELLO'])
  })

  test('a body of unknown length is cut at the limit', async () => {
    const edge = await createTestEdge({ limits: { maxRequestBodyBytes: 200_000 }, origin: ok })
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        sent += 65_536
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    expect((await edge.get('/api/v1/channels', init)).status).toBe(413)
    expect(sent).toBeLessThan(600_000)
  })

  test('an announced body over the limit is refused before anybody is asked', async () => {
    const edge = await createTestEdge({ limits: { maxRequestBodyBytes: 4 }, origin: ok })
    const headers = { 'content-length': '5' }
    const response = await edge.get('/api/v1/channels', { method: 'POST', body: 'hello', headers })
    expect(response.status).toBe(413)
    expect(await response.json()).toMatchObject({ type: '/problems/payload-too-large' })
    expect(edge.asked).toEqual([])
  })

  test('a server that is away is a page for browsers, a problem for programs', async () => {
    const edge = await createTestEdge({
      origin: () => {
        throw new TypeError('connection refused')
      },
    })
    const page = await edge.get('/', { headers: { accept: 'text/html,*/*' } })
    expect([page.status, page.headers.get('retry-after')]).toEqual([502, '3'])
    expect(await page.text()).toContain('One moment')
    const problem = await edge.get('/api/v1/videos')
    expect([problem.status, problem.headers.get('content-type')]).toEqual([502, 'application/problem+json'])
    expect(await problem.json()).toMatchObject({ requestId: problem.headers.get('x-request-id') })
    const before = edge.asked.length
    expect((await edge.get('/api/v1/session', { method: 'POST', body: 'x' })).status).toBe(502)
    expect(edge.asked.length - before).toBe(1)
  })

  test('a kept connection that closed just then is asked once more', async () => {
    let calls = 0
    const edge = await createTestEdge({
      origin: () => {
        if (calls++ === 0) throw new TypeError('connection closed')
        return ok()
      },
    })
    expect((await edge.get('/watch/1')).status).toBe(200)
  })
})

describe('hashed files of the site', () => {
  const PATH = '/_app/immutable/entry/start.Abc-1.js'
  const file = (cacheControl: string) =>
    new Response('let x', {
      headers: {
        'content-type': 'text/javascript',
        'cache-control': cacheControl,
        etag: '"1"',
        'set-cookie': 'a=b',
      },
    })

  test('are asked for once, in nobody’s name, and answered from memory', async () => {
    const edge = await createTestEdge({ origin: () => file('public,max-age=31536000,immutable') })
    for (let i = 0; i < 3; i++) {
      const response = await edge.get(PATH, { headers: { cookie: 'session=secret' } })
      expect(await response.text()).toBe('let x')
      expect(response.headers.get('set-cookie')).toBeNull()
      expect(response.headers.get('cache-control')).toBe('public,max-age=31536000,immutable')
    }
    expect(edge.asked.length).toBe(1)
    expect(edge.asked[0]?.headers.has('cookie')).toBe(false)
    expect(edge.metrics.text()).toContain(
      'streamtube_edge_requests_total{process="edge",route="asset",status="200"} 3',
    )
  })

  test('that are not said to be immutable are asked for each time', async () => {
    const edge = await createTestEdge({ origin: () => file('no-cache') })
    await edge.get(PATH)
    await edge.get(PATH)
    expect(edge.asked.length).toBe(2)
  })

  test('that are not there are not remembered', async () => {
    let isThere = false
    const edge = await createTestEdge({
      origin: () => (isThere ? file('immutable') : new Response('no', { status: 404 })),
    })
    expect((await edge.get(PATH)).status).toBe(404)
    isThere = true
    expect((await edge.get(PATH)).status).toBe(200)
  })

  test('that break off are a failure of the server behind', async () => {
    const edge = await createTestEdge({
      origin: () => new Response('half', { headers: { 'content-length': '10' } }),
    })
    expect((await edge.get(PATH)).status).toBe(502)
    expect(edge.lines.filter((line) => line.includes('"error"'))).toEqual([])
  })
})

describe('browsers are kept safe', () => {
  test("a page's own policy stays, with who may frame it added", async () => {
    const edge = await createTestEdge({
      origin: () => new Response('<p>', { headers: { 'content-security-policy': "script-src 'nonce-x'" } }),
    })
    const { headers } = await edge.get('/')
    expect(headers.get('content-security-policy')).toBe("script-src 'nonce-x'; frame-ancestors 'self'")
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('camera=(self)'),
    })
    expect(headers.has('strict-transport-security')).toBe(false)
  })

  test('what has no policy gets one that allows nothing, errors of the edge too', async () => {
    const edge = await createTestEdge({ origin: ok })
    for (const path of ['/api/v1/videos', '/api/v1/playback/clip/x']) {
      const { headers } = await edge.get(path, { method: path.includes('playback') ? 'POST' : 'GET' })
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  test('https is kept to where the site is https', async () => {
    const edge = await createTestEdge({ publicUrl: 'https://site.test', origin: ok })
    const { headers } = await edge.get('/')
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000')
    expect(edge.asked[0]?.headers.get('x-forwarded-proto')).toBe('https')
  })

  test('an address nobody can read is 400', async () => {
    const edge = await createTestEdge({ origin: ok })
    const request = { url: 'http://[bad/', method: 'GET', headers: new Headers() }
    expect((await edge.app.fetch(request as Request, () => '')).status).toBe(400)
  })
})
