import { describe, expect, test, vi } from 'vitest'
import { importSigningKey } from '../keys/jwt.ts'
import {
  type Asked,
  createTestEdge,
  INGEST,
  makePrivateJwk,
  TIMELINE,
  testId,
  VIDEO,
} from '../testing/test-edge.ts'

const OBJECT = `m/${TIMELINE}/source/1/s7.m4s`
const BYTES = new TextEncoder().encode('0123456789')

function media(body: BodyInit = BYTES, headers: Record<string, string> = {}): Response {
  return new Response(body, { headers: { 'content-type': 'video/mp4', 'content-length': '10', ...headers } })
}

/** An edge that may keep nothing, before an origin that answers its first request and hangs at all others. */
async function startBeforeHangingOrigin() {
  let count = 0
  const edge = await createTestEdge({
    limits: { maxObjectBytes: 4 },
    origin: ({ signal }) =>
      count++ === 0
        ? media()
        : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  })
  return { edge, path: `/p/${await edge.token()}/${OBJECT}` }
}

describe('a playback token', () => {
  const cases = [
    { name: 'forged (another key)', reason: 'forged', path: OBJECT, claims: {}, otherKey: true },
    { name: 'expired', reason: 'expired', path: OBJECT, claims: { exp: 1 } },
    { name: 'for another timeline', reason: 'swapped', path: OBJECT, claims: { tml: testId(9) } },
    {
      name: 'for another video',
      reason: 'swapped',
      path: `live/${VIDEO}/source.m3u8`,
      claims: { ast: testId(9) },
    },
    { name: 'for another kind', reason: 'swapped', path: `vod/${VIDEO}/source.m3u8`, claims: {} },
    {
      name: 'with a master of another video',
      reason: 'swapped',
      path: `live/${testId(8)}/master.m3u8`,
      claims: {},
    },
    { name: 'for another audience', reason: 'forged', path: OBJECT, claims: { aud: 'origin' as 'playback' } },
    { name: 'that lasts longer than 12 h', reason: 'forged', path: OBJECT, claims: { exp: 4e9 } },
  ]
  test.each(cases)('$name is refused with 403', async ({ reason, path, claims, otherKey }) => {
    const edge = await createTestEdge({ origin: () => media() })
    const other = await createTestEdge({ key: await importSigningKey(await makePrivateJwk()) })
    const token = await (otherKey ? other : edge).token(claims)
    const response = await edge.get(`/p/${token}/${path}`)
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toMatchObject({ type: '/problems/forbidden', status: 403 })
    expect(edge.metrics.text()).toContain(
      `streamtube_edge_tokens_refused_total{process="edge",reason="${reason}"} 1`,
    )
    expect(edge.asked).toEqual([])
  })

  test('whose text was touched is refused', async () => {
    const edge = await createTestEdge({ origin: () => media() })
    const token = await edge.token()
    const [header, payload, signature] = token.split('.') as [string, string, string]
    const stronger = btoa(atob(payload.replace(/-/g, '+').replace(/_/g, '/')).replace(VIDEO, testId(9)))
    for (const forged of [
      `${header}.${stronger.replace(/=+$/, '').replace(/\+/g, '-').replace(/\//g, '_')}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${btoa('{"alg":"none"}').replace(/=+$/, '')}.${payload}.`,
      `${header}.${payload}`,
      'x',
      '',
    ]) {
      expect((await edge.get(`/p/${forged}/${OBJECT}`)).status).toBe(403)
    }
    expect(edge.asked).toEqual([])
  })

  test('is checked for its expiry each time, also when it was good before and the object is in memory', async () => {
    const edge = await createTestEdge({ origin: () => media() })
    const token = await edge.token()
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(200)
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(200)
    edge.clock.nowMs += 3_600_000
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(403)
  })

  test('of one timeline opens nothing that is in memory for another', async () => {
    const edge = await createTestEdge({ origin: () => media() })
    const other = testId(9)
    await edge.get(`/p/${await edge.token()}/${OBJECT}`)
    const token = await edge.token({ tml: other })
    await edge.get(`/p/${token}/m/${other}/source/1/s7.m4s`)
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(403)
  })

  test('is in no log line', async () => {
    const edge = await createTestEdge({ origin: () => new Response(null, { status: 500 }) })
    const token = await edge.token()
    await edge.get(`/p/${token}/${OBJECT}`)
    await edge.get(`/x/../p/${token}/${OBJECT}`)
    await edge.get(`/p/${token}/nonsense`)
    expect(edge.lines.length).toBeGreaterThan(2)
    expect(edge.lines.join('\n')).not.toContain(token.slice(0, 20))
  })
})

describe('a media address', () => {
  const hostile = [
    `m/${TIMELINE}/source/1/../1/s7.m4s`,
    `m/${TIMELINE}/source/1/%2e%2e/s7.m4s`,
    `m/${TIMELINE}//source/1/s7.m4s`,
    `m/${TIMELINE}/source\\1\\s7.m4s`,
    `m/${TIMELINE}/source/1/s07.m4s`,
    `m/${TIMELINE}/source/1/s7.m4s/`,
    `m/${TIMELINE}/%73ource/1/s7.m4s`,
    `/${OBJECT}`,
    'http://api.test/rpc',
    `live/${VIDEO}/../../rpc/x.m3u8`,
    'm',
    '',
  ]
  test.each(hostile)('%j is 404 and asks nobody', async (rest) => {
    const edge = await createTestEdge({ origin: () => media() })
    const token = await edge.token()
    const request = {
      url: `http://site.test/p/${token}/${rest}`,
      method: 'GET',
      headers: new Headers(),
      signal: new AbortController().signal,
    }
    const response = await edge.app.fetch(request as Request, () => '')
    expect(response.status).toBe(404)
    expect(edge.asked).toEqual([])
  })

  test('that becomes one of media by normalising reaches neither media nor pages', async () => {
    const edge = await createTestEdge({ origin: () => media() })
    const url = `http://site.test/x/%2e%2e/p/${await edge.token()}/${OBJECT}`
    const signal = new AbortController().signal
    const response = await edge.app.fetch(
      { url, method: 'GET', headers: new Headers(), signal } as Request,
      () => '',
    )
    expect(response.status).toBe(404)
    expect(edge.asked).toEqual([])
  })
})

describe('an object', () => {
  test('comes from the live origin with proof of the edge, is kept and immutable', async () => {
    const edge = await createTestEdge({ origin: () => media(BYTES, { etag: '"s7"' }) })
    const token = await edge.token()
    for (let i = 0; i < 3; i++) {
      const response = await edge.get(`/p/${token}/${OBJECT}?x=${i}`)
      expect(response.status).toBe(200)
      expect(await response.text()).toBe('0123456789')
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'cache-control': 'public, max-age=31536000, immutable',
        'content-type': 'video/mp4',
        etag: '"s7"',
      })
    }
    expect(edge.asked.map(({ url }) => url)).toEqual([`${INGEST}/media/${OBJECT}`])
    const proof = edge.asked[0]?.headers.get('x-streamtube-edge') ?? ''
    expect(await edge.key.verify(proof, 'origin', edge.clock.nowMs)).toMatchObject({ iss: 'edge' })
    expect(edge.rpcs).toEqual(['Locate'])
  })

  test('is asked for once, however many want it at once', async () => {
    const waiting = Promise.withResolvers<Response>()
    const edge = await createTestEdge({ origin: () => waiting.promise })
    const tokens = await Promise.all([...Array(20).keys()].map((n) => edge.token({ sid: testId(n) })))
    const answers = [...Array(200).keys()].map((n) => edge.get(`/p/${tokens[n % 20]}/${OBJECT}`))
    waiting.resolve(media())
    const bodies = await Promise.all(answers.map(async (answer) => (await answer).text()))
    expect(new Set(bodies)).toEqual(new Set(['0123456789']))
    expect(edge.asked.length).toBe(1)
  })

  test('goes on being fetched for the others when the first who asked goes away', async () => {
    const waiting = Promise.withResolvers<Response>()
    const begun = Promise.withResolvers<void>()
    const edge = await createTestEdge({
      origin: () => {
        begun.resolve()
        return waiting.promise
      },
    })
    const token = await edge.token()
    const first = new AbortController()
    const gone = edge.get(`/p/${token}/${OBJECT}`, { signal: first.signal })
    await begun.promise
    const second = edge.get(`/p/${token}/${OBJECT}`)
    first.abort()
    expect(edge.asked[0]?.signal?.aborted).toBe(false)
    waiting.resolve(media())
    expect(await (await second).text()).toBe('0123456789')
    await gone
    expect(edge.asked.length).toBe(1)
  })

  test('is not kept when the origin breaks off', async () => {
    const bodies = ['01234', '0123456789']
    const edge = await createTestEdge({ origin: () => media(bodies.shift()) })
    const token = await edge.token()
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(502)
    expect(await (await edge.get(`/p/${token}/${OBJECT}`)).text()).toBe('0123456789')
  })

  test('too large to keep is passed through, with its range', async () => {
    const edge = await createTestEdge({
      limits: { maxObjectBytes: 5 },
      origin: ({ headers }) =>
        headers.get('range') === 'bytes=2-3'
          ? new Response('23', {
              status: 206,
              headers: { 'content-length': '2', 'content-range': 'bytes 2-3/10' },
            })
          : media(),
    })
    const token = await edge.token()
    expect(await (await edge.get(`/p/${token}/${OBJECT}`)).text()).toBe('0123456789')
    const part = await edge.get(`/p/${token}/${OBJECT}`, { headers: { range: 'bytes=2-3' } })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-3/10',
      '23',
    ])
    expect(edge.metrics.text()).toContain('streamtube_edge_cache_bytes{process="edge",cache="media"} 0')
  })

  test('too large to keep is waited for no longer than one that is kept', async () => {
    const { edge, path } = await startBeforeHangingOrigin()
    vi.useFakeTimers()
    try {
      const waiting = edge.get(path)
      await vi.waitFor(() => expect(edge.asked).toHaveLength(2))
      await vi.advanceTimersByTimeAsync(15_000)
      expect((await waiting).status).toBe(504)
      expect(edge.asked).toHaveLength(2)
    } finally {
      vi.useRealTimers()
    }
  })

  test('too large to keep whose viewer goes away is no fault of ours', async () => {
    const { edge, path } = await startBeforeHangingOrigin()
    const viewer = new AbortController()
    const waiting = edge.get(path, { signal: viewer.signal })
    await expect.poll(() => edge.asked.length).toBe(2)
    viewer.abort()
    expect((await waiting).status).toBe(499)
    expect(edge.lines.filter((line) => line.includes('"error"'))).toEqual([])
  })

  test('that the live origin has no more comes from the recordings', async () => {
    const edge = await createTestEdge({
      origin: ({ url }) => (url.startsWith(INGEST) ? new Response(null, { status: 404 }) : media()),
    })
    expect((await edge.get(`/p/${await edge.token()}/${OBJECT}`)).status).toBe(200)
    expect(edge.asked.map(({ url }) => new URL(url).host)).toEqual(['ingest.test', 'api.test'])
  })

  test('that nobody recorded is "come again" while the live origin is away, "not found" when it is not', async () => {
    let isAway = true
    const edge = await createTestEdge({
      origin: ({ url }: Asked) => {
        if (isAway && url.startsWith(INGEST)) throw new TypeError('connection refused')
        return new Response(null, { status: 404 })
      },
    })
    const token = await edge.token()
    const away = await edge.get(`/p/${token}/${OBJECT}`)
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '1'])
    isAway = false
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(404)
    expect(edge.rpcs.length).toBe(2)
  })
})

describe('HEAD, Range, CORS', () => {
  test.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['bytes=5-2', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('%s is %i', async (range, status, body, contentRange) => {
    const edge = await createTestEdge({ origin: () => media() })
    const token = await edge.token()
    for (const _ of ['from the origin', 'from memory']) {
      const response = await edge.get(`/p/${token}/${OBJECT}`, { headers: { range } })
      expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
        status,
        body,
        contentRange,
      ])
    }
    expect(edge.asked.length).toBe(1)
  })

  test('a part has one answer, whatever range is asked for', async () => {
    const edge = await createTestEdge({ origin: () => media() })
    const path = `/p/${await edge.token()}/${OBJECT.replace('s7', 'p7')}`
    for (const _ of ['from the origin', 'from memory']) {
      const response = await edge.get(path, { headers: { range: 'bytes=0-3' } })
      expect([response.status, await response.text()]).toEqual([200, '0123456789'])
    }
    const head = await edge.get(path, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', ''])
  })

  test('HEAD has the headers and no body', async () => {
    const edge = await createTestEdge({ origin: () => media() })
    const response = await edge.get(`/p/${await edge.token()}/${OBJECT}`, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      200,
      '10',
      '',
    ])
  })

  test('a known etag is 304; a range of another content is the whole', async () => {
    const edge = await createTestEdge({ origin: () => media(BYTES, { etag: '"a"' }) })
    const path = `/p/${await edge.token()}/${OBJECT}`
    expect((await edge.get(path, { headers: { 'if-none-match': 'W/"x", "a"' } })).status).toBe(304)
    expect((await edge.get(path, { headers: { range: 'bytes=0-1', 'if-range': '"b"' } })).status).toBe(200)
    expect((await edge.get(path, { headers: { range: 'bytes=0-1', 'if-range': '"a"' } })).status).toBe(206)
  })

  test('a preflight is answered, other methods are not', async () => {
    const edge = await createTestEdge()
    const path = `/p/${await edge.token()}/${OBJECT}`
    const preflight = await edge.get(path, { method: 'OPTIONS' })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD')
    expect((await edge.get(path, { method: 'POST', body: 'x' })).status).toBe(405)
  })
})

describe('a playlist', () => {
  const LIST = `live/${VIDEO}/source.m3u8`
  const playlist = (cacheControl: string, text = '#EXTM3U') =>
    new Response(text, {
      headers: { 'cache-control': cacheControl, 'content-type': 'application/vnd.apple.mpegurl' },
    })

  test('is asked for once by all who wait for the same part, in whatever order they ask', async () => {
    const waiting = Promise.withResolvers<Response>()
    const edge = await createTestEdge({ origin: () => waiting.promise })
    const token = await edge.token()
    const answers = [
      edge.get(`/p/${token}/${LIST}?_HLS_msn=7&_HLS_part=2`),
      edge.get(`/p/${token}/${LIST}?_HLS_part=2&_HLS_msn=7&utm=x`),
      edge.get(`/p/${token}/${LIST}?a=b&_HLS_msn=07&_HLS_part=2`),
    ]
    // Each checks its token first, which takes as long as it takes: the answer may come when all three wait for it.
    await vi.waitFor(() =>
      expect(edge.metrics.text()).toContain(
        'streamtube_edge_cache_misses_total{process="edge",cache="media"} 3',
      ),
    )
    waiting.resolve(playlist('no-cache'))
    for (const answer of answers) expect(await (await answer).text()).toBe('#EXTM3U')
    expect(edge.asked.map(({ url }) => url)).toEqual([`${INGEST}/media/${LIST}?_HLS_msn=7&_HLS_part=2`])
  })

  test('is kept as long as the origin says and says so itself', async () => {
    const edge = await createTestEdge({ origin: () => playlist('max-age=2') })
    const path = `/p/${await edge.token()}/${LIST}`
    await edge.get(path)
    const response = await edge.get(path)
    expect(response.headers.get('cache-control')).toBe('max-age=2')
    expect(edge.asked.length).toBe(1)
    edge.clock.nowMs += 2000
    await edge.get(path)
    expect(edge.asked.length).toBe(2)
  })

  test('that may not be kept is asked for anew', async () => {
    const edge = await createTestEdge({ origin: () => playlist('no-cache, max-age=5') })
    const path = `/p/${await edge.token()}/${LIST}`
    await edge.get(path)
    await edge.get(path)
    expect(edge.asked.length).toBe(2)
  })

  test.each([
    [400, 'application/problem+json', 400, null],
    [503, 'application/problem+json', 503, '2'],
    [401, 'application/problem+json', 502, '1'],
    [500, 'application/problem+json', 503, '1'],
    [503, 'text/plain', 503, '1'],
    [502, 'text/html', 503, '1'],
  ])("that is an origin's %i of %s is %i for viewers", async (status, type, expected, retryAfter) => {
    const headers = { 'retry-after': '2', 'content-type': type }
    const edge = await createTestEdge({ origin: () => new Response(null, { status, headers }) })
    const response = await edge.get(`/p/${await edge.token()}/${LIST}`)
    expect([response.status, response.headers.get('retry-after')]).toEqual([expected, retryAfter])
  })

  test('with a directive that is no number is 400', async () => {
    const edge = await createTestEdge()
    const path = `/p/${await edge.token()}/${LIST}`
    for (const query of [
      '_HLS_msn=-1',
      '_HLS_part=1',
      '_HLS_msn=x',
      '_HLS_skip=NO',
      '_HLS_msn=1&_HLS_part=1.5',
    ]) {
      expect((await edge.get(`${path}?${query}`)).status).toBe(400)
    }
    expect(edge.asked).toEqual([])
  })

  test('of a finished video comes from the recordings only, once for whatever is asked of it', async () => {
    const edge = await createTestEdge({ origin: () => playlist('max-age=60') })
    const token = await edge.token({ knd: 'vod' })
    for (const query of ['', '?_HLS_msn=1', '?_HLS_msn=2&_HLS_part=3&_HLS_skip=YES']) {
      expect((await edge.get(`/p/${token}/vod/${VIDEO}/source.m3u8${query}`)).status).toBe(200)
    }
    expect(edge.asked.map(({ url }) => new URL(url).host)).toEqual(['api.test'])
  })
})

describe('a token with a cap', () => {
  const MASTER = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,RESOLUTION=1280x720,AUDIO="audio"
source.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=854x480,AUDIO="audio"
480p30.m3u8
`
  const origin = ({ url }: Asked) => (url.endsWith('master.m3u8') ? new Response(MASTER) : media())

  test('gets a master without the taller rungs, whose addresses are 403', async () => {
    const edge = await createTestEdge({ origin })
    const token = await edge.token({ cap: 480 })
    const master = await (await edge.get(`/p/${token}/live/${VIDEO}/master.m3u8`)).text()
    expect(master).toContain('480p30.m3u8')
    expect(master).toContain('audio.m3u8')
    expect(master).not.toContain('source.m3u8')
    const status = async (path: string) => (await edge.get(`/p/${token}/${path}`)).status
    expect(await status(`live/${VIDEO}/source.m3u8`)).toBe(403)
    expect(await status(OBJECT)).toBe(403)
    expect(await status(`m/${TIMELINE}/unheard-of/1/s1.m4s`)).toBe(403)
    expect(await status(`live/${VIDEO}/480p30.m3u8`)).toBe(200)
    expect(await status(`m/${TIMELINE}/480p30/1/s7.m4s`)).toBe(200)
    expect(await status(`m/${TIMELINE}/audio/1/s7.m4s`)).toBe(200)
  })

  test('does not get a taller rung that is in memory for others', async () => {
    const edge = await createTestEdge({ origin })
    expect((await edge.get(`/p/${await edge.token()}/${OBJECT}`)).status).toBe(200)
    const token = await edge.token({ cap: 480 })
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(403)
    expect((await edge.get(`/p/${token}/${OBJECT}`)).status).toBe(403)
  })

  test('lower than every rung is refused in words', async () => {
    const edge = await createTestEdge({ origin })
    const response = await edge.get(`/p/${await edge.token({ cap: 240 })}/live/${VIDEO}/master.m3u8`)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ detail: 'This quality is not included.' })
  })
})
