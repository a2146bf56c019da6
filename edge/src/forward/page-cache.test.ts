import { describe, expect, test } from 'vitest'
import {
  type Asked,
  createTestEdge,
  SITE,
  type TestEdge,
  type TestEdgeOptions,
  testId,
} from '../testing/test-edge.ts'

const SHARED = 'public, max-age=0, s-maxage=1, stale-while-revalidate=2, stale-if-error=3600'
const HTML = { accept: 'text/html,*/*' }
const WATCH = `/watch/${testId(1)}`

function page(text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, {
    headers: { 'content-type': 'text/html', 'cache-control': SHARED, etag: `"${text}"`, ...headers },
  })
}

/** An edge before pages that are numbered in the order in which they are made. */
async function start(headers: Record<string, string> = {}, options: TestEdgeOptions = {}) {
  let count = 0
  let answer = (_asked: Asked): Response | Promise<Response> => page(`page ${++count}`, headers)
  const edge = await createTestEdge({ origin: (asked) => answer(asked), ...options })
  return {
    edge,
    answerBy(other: typeof answer) {
      answer = other
    },
    read: async (path = '/', more: Record<string, string> = {}) => {
      const response = await edge.get(path, { headers: { ...HTML, ...more } })
      return `${response.status} ${await response.text()}`
    },
  }
}

const pass = (edge: TestEdge, ms: number) => {
  edge.clock.nowMs += ms
}

describe('a page for guests', () => {
  test.each([
    '/',
    WATCH,
    '/@ada-lovelace',
    '/api/v1/videos?state=live&limit=24',
    `/api/v1/videos/${testId(1)}`,
  ])('%s is asked for once in its time, in nobody’s name', async (path) => {
    const { edge, read } = await start()
    for (const visitor of ['theme=dark', 'channel=ada']) {
      const said = {
        cookie: visitor,
        'x-forwarded-for': '10.0.0.1',
        'accept-language': 'fr',
        'user-agent': 'mine',
      }
      expect(await read(path, said)).toBe('200 page 1')
    }
    pass(edge, 999)
    expect(await read(path)).toBe('200 page 1')
    expect(edge.asked).toHaveLength(1)
    const headers = Object.fromEntries(edge.asked[0]?.headers ?? [])
    expect(headers).toMatchObject({ 'x-forwarded-host': 'site.test', 'x-forwarded-proto': 'http' })
    for (const name of ['cookie', 'x-forwarded-for', 'accept-language', 'user-agent']) {
      expect(headers).not.toHaveProperty(name)
    }
    expect(
      await edge.key.verify(headers['x-streamtube-edge'] ?? '', 'origin', edge.clock.nowMs),
    ).toBeDefined()
  })

  test('is not kept by browsers, keeps its policy, and has a request id of its own each time', async () => {
    const { edge } = await start({
      'content-security-policy': "script-src 'sha256-x'",
      'x-request-id': 'first',
    })
    const [one, two] = [await edge.get('/', { headers: HTML }), await edge.get('/', { headers: HTML })]
    for (const { headers } of [one, two]) {
      expect(headers.get('cache-control')).toBe('private, no-cache')
      expect(headers.get('content-security-policy')).toContain("script-src 'sha256-x'")
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
    expect(new Set([one, two].map(({ headers }) => headers.get('x-request-id'))).size).toBe(2)
    expect(edge.asked).toHaveLength(1)
  })

  test('that did not change costs a browser nothing, HEAD nobody', async () => {
    const { edge } = await start()
    await edge.get('/', { headers: HTML })
    expect((await edge.get('/', { headers: { ...HTML, 'if-none-match': '"page 1"' } })).status).toBe(304)
    const head = await edge.get('/', { method: 'HEAD', headers: HTML })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '6', ''])
  })

  test('is asked for once by a thousand who come at once', async () => {
    const { edge, answerBy, read } = await start()
    const made = Promise.withResolvers<Response>()
    answerBy(() => made.promise)
    const visitors = Array.from({ length: 1000 }, () => read())
    await expect.poll(() => edge.asked.length).toBe(1)
    made.resolve(page('the one'))
    expect(new Set(await Promise.all(visitors))).toEqual(new Set(['200 the one']))
    expect(edge.asked).toHaveLength(1)
  })

  test('that is a little old is answered while a newer one is fetched', async () => {
    const { edge, read } = await start()
    await read()
    pass(edge, 1000)
    expect(await read()).toBe('200 page 1')
    await expect.poll(() => edge.asked.length).toBe(2)
    await expect.poll(() => read()).toBe('200 page 2')
  })

  test('that is older is waited for', async () => {
    const { edge, read } = await start()
    await read()
    pass(edge, 3000)
    expect(await read()).toBe('200 page 2')
  })
})

describe('nobody sees the page of somebody else', () => {
  test.each([
    ['is signed in', { cookie: 'theme=dark; session=abc' }],
    ['shows a token', { cookie: 'theme=dark', authorization: 'Bearer x' }],
  ])('who %s is asked for alone, cookie and all', async (_, headers) => {
    const { edge, read } = await start()
    await read()
    expect(await read('/', headers)).toBe('200 page 2')
    expect(await read()).toBe('200 page 1')
    expect(edge.asked[1]?.headers.get('cookie')).toBe(headers.cookie)
  })

  test('on https it is the __Host- cookie that says so', async () => {
    const edge = await createTestEdge({ publicUrl: 'https://site.test', origin: () => page('x') })
    const visit = (cookie: string) => edge.get('/', { headers: { ...HTML, cookie } })
    for (let i = 0; i < 2; i++) await visit('session=planted')
    expect(edge.asked).toHaveLength(1)
    await visit('__Host-session=own')
    expect(edge.asked).toHaveLength(2)
  })

  test.each([
    ['sets a cookie', { 'set-cookie': 'session=someone' }],
    ['is private', { 'cache-control': 'private, no-cache' }],
    ['depends on cookies', { vary: 'cookie' }],
  ])('a page that %s is made for each', async (_, headers) => {
    const { read } = await start(headers as Record<string, string>)
    expect(await read()).not.toBe(await read())
  })

  test('a cookie goes to whom it was set, of those who come at once too', async () => {
    const { edge, answerBy } = await start()
    let visitor = 0
    answerBy(() => page('x', { 'set-cookie': `visitor=${++visitor}` }))
    const responses = await Promise.all(Array.from({ length: 5 }, () => edge.get('/', { headers: HTML })))
    expect(new Set(responses.map(({ headers }) => headers.get('set-cookie'))).size).toBe(5)
  })

  test.each([
    '/?a=1',
    '/studio/live',
    '/sign-in',
    '/api/v1/session',
    '/api/v1/videos?cursor=abc',
    '/watch/a/b',
  ])('%s is asked for each time', async (path) => {
    const { edge, read } = await start()
    await read(path)
    await read(path)
    expect(edge.asked).toHaveLength(2)
  })

  test('another name of the site has pages of its own', async () => {
    const { edge } = await start()
    const visit = (url: string) => edge.app.fetch(new Request(url, { headers: HTML }), () => '')
    await visit(`${SITE}/`)
    await visit('http://evil.test/')
    expect(edge.asked.map(({ headers }) => headers.get('x-forwarded-host'))).toEqual([
      'site.test',
      'evil.test',
    ])
  })
})

describe('while the server of the pages', () => {
  const failures: [string, () => Response | Promise<Response>][] = [
    ['is dead', () => Promise.reject(new TypeError('connection refused'))],
    ['fails', () => new Response('broken', { status: 503 })],
  ]

  test.each(failures)('%s, guests still have the last page for an hour', async (_, fail) => {
    const { edge, answerBy, read } = await start()
    await read()
    answerBy(fail)
    pass(edge, 3_600_000)
    const response = await edge.get('/', { headers: HTML })
    expect([response.status, await response.text()]).toEqual([200, 'page 1'])
    expect(response.headers.get('x-streamtube-stale')).toBe('3600')
    pass(edge, 1000)
    expect((await edge.get('/', { headers: HTML })).status).toBeGreaterThanOrEqual(502)
  })

  test('is dead, it is asked once a second, and its first page is everybody’s again', async () => {
    const { edge, answerBy, read } = await start()
    await read()
    answerBy(() => Promise.reject(new TypeError('connection refused')))
    pass(edge, 60_000)
    for (let i = 0; i < 100; i++) expect(await read()).toBe('200 page 1')
    const tries = edge.asked.length
    expect(tries).toBeLessThanOrEqual(3)
    pass(edge, 1000)
    answerBy(() => page('alive'))
    expect(await read()).toBe('200 alive')
  })

  test('hangs, a guest has the last page all the same', async () => {
    const { edge, answerBy, read } = await start()
    await read()
    answerBy(() => new Promise(() => {}))
    pass(edge, 60_000)
    expect(await read()).toBe('200 page 1')
    expect(await read()).toBe('200 page 1')
  })

  test('says that a page is gone, it is gone', async () => {
    const { edge, answerBy, read } = await start()
    await read(WATCH)
    pass(edge, 3000)
    answerBy(() => new Response('no such video', { status: 404 }))
    expect(await read(WATCH)).toBe('404 no such video')
    answerBy(() => Promise.reject(new TypeError('connection refused')))
    expect(await read(WATCH)).toMatch(/^502/)
  })
})

test('pages take no more memory than they may', async () => {
  const text = 'x'.repeat(100_000)
  const { edge, answerBy, read } = await start({}, { limits: { pageCacheBytes: 1_000_000 } })
  answerBy(() => page(text))
  for (let i = 0; i < 50; i++) await read(`/watch/${testId(i)}`)
  const bytes = Number(
    /edge_cache_bytes\{process="edge",cache="pages"\} (\d+)/.exec(edge.metrics.text())?.[1],
  )
  expect(bytes).toBeGreaterThan(500_000)
  expect(bytes).toBeLessThanOrEqual(1_000_000)
})

test('a page that is too large to keep is made for each', async () => {
  const { edge, answerBy } = await start()
  answerBy(() => page('x'.repeat(1024 * 1024 + 1)))
  const response = await edge.get('/', { headers: HTML })
  expect((await response.text()).length).toBe(1024 * 1024 + 1)
  expect(edge.asked).toHaveLength(2)
})

test('more pages at once than may be asked for are "come again", said in no log as a fault of ours', async () => {
  const { edge, answerBy } = await start()
  const held = Promise.withResolvers<Response>()
  answerBy(() => held.promise.then((answer) => answer.clone()))
  const visits = [...Array(300)].map((_, n) => edge.get(`/watch/${testId(n)}`, { headers: HTML }))
  await expect.poll(() => edge.asked.length).toBe(256)
  held.resolve(page('late'))
  const answers = await Promise.all(visits)
  const busy = answers.filter(({ status }) => status === 503)
  expect([busy.length, busy[0]?.headers.get('retry-after')]).toEqual([44, '3'])
  expect(edge.lines.filter((line) => line.includes('"error"'))).toEqual([])
})

test('a page that breaks off is one that the server did not give', async () => {
  const { edge, answerBy } = await start()
  const body = new ReadableStream({ start: (controller) => controller.error(new TypeError('reset')) })
  answerBy(() => new Response(body, { headers: { 'content-type': 'text/html' } }))
  expect((await edge.get('/', { headers: HTML })).status).toBe(502)
  expect(edge.lines.filter((line) => line.includes('"error"'))).toEqual([])
})
