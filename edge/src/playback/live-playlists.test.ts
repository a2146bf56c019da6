import { describe, expect, test, vi } from 'vitest'
import { livePlaylist, playlistResponse } from '../testing/live-playlist.ts'
import {
  type Asked,
  createTestEdge,
  INGEST,
  type TestEdge,
  TIMELINE,
  testId,
  VIDEO,
} from '../testing/test-edge.ts'

const LIST = `live/${VIDEO}/source.m3u8`
const NOW = { first: 0, segments: 5, finishedParts: 10, parts: 3 }
const STALE = 'x-streamtube-stale'

/** A viewer of an edge, and what its origin was asked by, without the address. */
async function createViewer(origin: (asked: Asked) => Response | Promise<Response>) {
  const edge = await createTestEdge({ origin })
  const token = await edge.token()
  return {
    edge,
    get: (query = '', init?: RequestInit) => edge.get(`/p/${token}/${LIST}${query}`, init),
    queries: () =>
      edge.asked.filter(({ url }) => url.startsWith(INGEST)).map(({ url }) => new URL(url).search),
    other: (path: string) => edge.get(`/p/${token}/${path}`),
  }
}

function metric(edge: TestEdge, line: string): number {
  const found = edge.metrics
    .text()
    .split('\n')
    .find((each) => each.startsWith(`streamtube_${line} `))
  return Number(found?.split(' ').at(-1))
}

describe('the newest known playlist', () => {
  test('answers who asks without directives while it is younger than a part', async () => {
    const { edge, get, queries } = await createViewer(() => playlistResponse(NOW))
    expect(await (await get()).text()).toBe(livePlaylist(NOW))
    edge.clock.nowMs += 209
    expect(await (await get('?utm_source=x')).text()).toBe(livePlaylist(NOW))
    expect(queries()).toEqual([''])
    edge.clock.nowMs += 1
    await get()
    expect(queries()).toEqual(['', ''])
    expect(metric(edge, 'edge_cache_hits_total{process="edge",cache="playlists"}')).toBe(1)
  })

  test('is the one that a blocking reload brought', async () => {
    const { get, queries } = await createViewer(() => playlistResponse(NOW))
    await get('?_HLS_msn=5&_HLS_part=2')
    expect(await (await get()).text()).toBe(livePlaylist(NOW))
    expect(queries()).toEqual(['?_HLS_msn=5&_HLS_part=2'])
  })

  test('answers at once who waits for what it has; the origin is asked for what it has not', async () => {
    const { get, queries } = await createViewer(() => playlistResponse(NOW))
    await get()
    for (const query of [
      '?_HLS_msn=5&_HLS_part=2',
      '?_HLS_msn=4&_HLS_part=50',
      '?_HLS_msn=4',
      '?_HLS_msn=0',
    ]) {
      expect((await get(query)).status).toBe(200)
    }
    expect(queries()).toEqual([''])
    await get('?_HLS_msn=5&_HLS_part=3')
    expect(queries()).toEqual(['', '?_HLS_msn=5&_HLS_part=3'])
  })

  test('grown old, is not given to who asks for what it has: one request brings the current one', async () => {
    const { edge, get, queries } = await createViewer(() => playlistResponse(NOW))
    await get()
    edge.clock.nowMs += 5000
    await Promise.all([0, 1, 2, 3].map((msn) => get(`?_HLS_msn=${msn}`)))
    expect(queries()).toEqual(['', ''])
  })

  test('of the delta is another than the full one', async () => {
    const { get, queries } = await createViewer(({ url }) =>
      playlistResponse(url.includes('skip') ? { ...NOW, skipped: 3 } : NOW),
    )
    const delta = livePlaylist({ ...NOW, skipped: 3 })
    expect(await (await get('?_HLS_msn=5&_HLS_part=2&_HLS_skip=YES')).text()).toBe(delta)
    expect(await (await get('?_HLS_msn=5&_HLS_part=2')).text()).toBe(livePlaylist(NOW))
    expect(await (await get('?_HLS_skip=YES')).text()).toBe(delta)
    expect(await (await get()).text()).toBe(livePlaylist(NOW))
    expect(queries()).toEqual(['?_HLS_msn=5&_HLS_part=2&_HLS_skip=YES', '?_HLS_msn=5&_HLS_part=2'])
  })

  test('does not go back when an older answer comes in late, and does when the origin says so later', async () => {
    const late = Promise.withResolvers<Response>()
    let current = { ...NOW, parts: 5 }
    const { edge, get, queries } = await createViewer(({ url }) =>
      url.includes('part=3') ? late.promise : playlistResponse(current),
    )
    const slow = get('?_HLS_msn=5&_HLS_part=3')
    await vi.waitFor(() => expect(queries()).toHaveLength(1))
    await get('?_HLS_msn=5&_HLS_part=4')
    late.resolve(playlistResponse({ ...NOW, parts: 4 }))
    expect(await (await slow).text()).toBe(livePlaylist({ ...NOW, parts: 4 }))
    expect(await (await get()).text()).toBe(livePlaylist(current))
    edge.clock.nowMs += 210
    current = { ...NOW, parts: 1 }
    expect(await (await get()).text()).toBe(livePlaylist(current))
    expect(await (await get()).text()).toBe(livePlaylist(current))
    expect(queries()).toHaveLength(3)
  })

  test('of a broadcast that has ended answers whatever is waited for', async () => {
    const ended = { ...NOW, ended: true }
    const { get, queries } = await createViewer(() => playlistResponse(ended))
    await get()
    expect(await (await get('?_HLS_msn=6&_HLS_part=9')).text()).toBe(livePlaylist(ended))
    expect(queries()).toEqual([''])
  })

  test('is shared by HEAD, which has no body', async () => {
    const { get, queries } = await createViewer(() => playlistResponse(NOW))
    const [head, whole] = await Promise.all([
      get('?_HLS_msn=5&_HLS_part=3', { method: 'HEAD' }),
      get('?_HLS_msn=5&_HLS_part=3'),
    ])
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(head.headers.get('content-length')).toBe(String((await whole.text()).length))
    expect(queries()).toHaveLength(1)
  })
})

describe('readers who ask for what nobody needs', () => {
  const absurd = [...Array(10_000).keys()].map((n) => `?_HLS_msn=${1_000 + n * 10_000_019}&_HLS_part=${n}`)

  test('are refused by what is known, and the origin hears nothing of them', async () => {
    const { get, queries } = await createViewer(() => playlistResponse(NOW))
    await get()
    const statuses = await Promise.all(absurd.map(async (query) => (await get(query)).status))
    expect(new Set(statuses)).toEqual(new Set([400]))
    expect(queries()).toEqual([''])
  })

  test('cost a few requests where nothing is known, one after the other or at once', async () => {
    const origin = ({ url }: Asked) =>
      url.includes('_HLS_msn') ? new Response(null, { status: 400 }) : playlistResponse(NOW)
    const patient = await createViewer(origin)
    for (const query of absurd.slice(0, 100)) expect((await patient.get(query)).status).toBe(400)
    expect(patient.queries()).toHaveLength(2)
    const hasty = await createViewer(origin)
    await Promise.all(absurd.slice(0, 2000).map((query) => hasty.get(query)))
    expect(hasty.queries().length).toBeLessThanOrEqual(257)
  })

  test('of a rendition that there is not cost one request at a time', async () => {
    const { get, queries } = await createViewer(() => new Response(null, { status: 404 }))
    await get('?_HLS_msn=1')
    const statuses = await Promise.all(absurd.slice(0, 500).map(async (query) => (await get(query)).status))
    expect(new Set(statuses)).toEqual(new Set([404]))
    expect(queries()).toHaveLength(2)
  })

  test('of one broadcast take no more of its requests than those who wait for what comes next', async () => {
    let isBlocking = false
    const never = new Promise<Response>(() => {})
    const { edge, get, queries, other } = await createViewer(({ url }) => {
      if (!url.includes('.m3u8')) return new Response('part', { headers: { 'content-length': '4' } })
      return isBlocking && url.includes('_HLS_msn') ? never : playlistResponse(NOW)
    })
    for (const skip of ['', '?_HLS_skip=YES', '?_HLS_skip=v2']) await get(skip)
    isBlocking = true
    const skips = ['', '&_HLS_skip=YES', '&_HLS_skip=v2']
    const places = [5, 6].flatMap((msn) =>
      [...Array(16).keys()].map((part) => `?_HLS_msn=${msn}&_HLS_part=${part}`),
    )
    const asked = places.flatMap((place) => skips.map((skip) => place + skip))
    for (const query of asked) void get(query)
    const isBlocked = () => metric(edge, 'edge_blocked_readers{process="edge"}')
    await vi.waitFor(() => expect(isBlocked()).toBeGreaterThan(80))
    expect(queries().filter((query) => query.includes('_HLS_msn')).length).toBeLessThanOrEqual(6)
    expect((await other(`m/${TIMELINE}/source/1/p1.m4s`)).status).toBe(200)
  })

  test('who waits for more than the next part has it when it is there, by the requests of those who wait for the next', async () => {
    const now = { ...NOW }
    let next = Promise.withResolvers<void>()
    const { get, queries } = await createViewer(async ({ url }) => {
      if (url.includes('_HLS_msn')) await next.promise
      return playlistResponse(now)
    })
    await get()
    const waiting = [get('?_HLS_msn=5&_HLS_part=5'), get('?_HLS_msn=5&_HLS_part=3')]
    for (const parts of [4, 5, 6]) {
      await vi.waitFor(() => expect(queries().at(-1)).toBe(`?_HLS_msn=5&_HLS_part=${parts - 1}`))
      now.parts = parts
      const here = next
      next = Promise.withResolvers()
      here.resolve()
    }
    expect(await (await waiting[0])?.text()).toBe(livePlaylist({ ...NOW, parts: 6 }))
    expect(await (await waiting[1])?.text()).toBe(livePlaylist({ ...NOW, parts: 4 }))
    expect(queries()).toHaveLength(4)
  })

  test.each([
    [3_000, 200],
    [4_000, 503],
  ])('who waits for the fourth part to come, one each %i ms, is answered %i', async (ms, status) => {
    const now = { ...NOW }
    const { edge, get } = await createViewer(({ url }) => {
      if (url.includes('_HLS_msn')) {
        edge.clock.nowMs += ms
        now.parts++
      }
      return playlistResponse(now)
    })
    await get()
    expect((await get('?_HLS_msn=5&_HLS_part=6')).status).toBe(status)
  })

  test('do not take all the requests that one edge may make: another broadcast is still fetched', async () => {
    const never = new Promise<Response>(() => {})
    const second = testId(77)
    const edge = await createTestEdge({
      limits: { maxOriginRequestsPerGroup: 8 },
      origin: ({ url }) => (url.includes(VIDEO) ? never : playlistResponse(NOW)),
    })
    const token = await edge.token()
    const waiting = [...Array(9).keys()].map((n) => edge.get(`/p/${token}/${LIST}?_HLS_msn=${n}`))
    const refused = await Promise.race(waiting)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    await vi.waitFor(() => expect(edge.asked).toHaveLength(8))
    const other = await edge.token({ ast: second, tml: second })
    expect((await edge.get(`/p/${other}/live/${second}/source.m3u8`)).status).toBe(200)
  })
})

describe('while the origin is away', () => {
  const away = [
    ['refuses connections', () => Promise.reject(new TypeError('connection refused'))],
    ['is answered for by a gateway', () => new Response('no upstream', { status: 503 })],
    ['fails', () => new Response(null, { status: 500 })],
    ['was restarted and knows nothing yet', () => new Response(null, { status: 404 })],
  ] as const

  test.each(away)(
    '(it %s) readers who wait get the last playlist, marked, after about a part',
    async (_, answer) => {
      let isAway = false
      const { edge, get } = await createViewer(() => (isAway ? answer() : playlistResponse(NOW)))
      await get()
      isAway = true
      edge.clock.nowMs += 3_000
      const startMs = performance.now()
      const stale = await get('?_HLS_msn=5&_HLS_part=3')
      expect(performance.now() - startMs).toBeGreaterThan(200)
      expect([stale.status, stale.headers.get(STALE), stale.headers.get('cache-control')]).toEqual([
        200,
        '3',
        'no-store',
      ])
      expect(stale.headers.get('access-control-expose-headers')).toContain(STALE)
      expect(await stale.text()).toBe(livePlaylist(NOW))
      expect(metric(edge, 'edge_stale_playlists_total{process="edge"}')).toBe(1)
      isAway = false
      const back = await get('?_HLS_msn=5&_HLS_part=3')
      expect([back.status, back.headers.get(STALE)]).toEqual([200, null])
    },
  )

  test('a thousand readers ask it no more than one would', async () => {
    let isAway = false
    const { edge, get, queries } = await createViewer(() => {
      if (isAway) throw new TypeError('connection refused')
      return playlistResponse(NOW)
    })
    await get()
    isAway = true
    edge.clock.nowMs += 3_000
    const answers = await Promise.all([...Array(1000)].map(() => get('?_HLS_msn=5&_HLS_part=3')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(queries()).toHaveLength(2)
    expect(edge.lines.filter((line) => line.includes('does not answer'))).toHaveLength(1)
  })

  test('everything else is "come again"', async () => {
    let isAway = false
    const { edge, get, other } = await createViewer(({ url }) => {
      if (isAway) throw new TypeError('connection refused')
      return url.includes('.m3u8') ? playlistResponse(NOW) : new Response('x')
    })
    await get()
    isAway = true
    edge.clock.nowMs += 3_000
    for (const answer of [
      await get(),
      await other(`live/${VIDEO}/master.m3u8`),
      await other(`live/${VIDEO}/480p30.m3u8?_HLS_msn=1`),
    ]) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    }
  })

  test('readers get it for two minutes, and then are told that the stream is away', async () => {
    let isAway = false
    const { edge, get } = await createViewer(() => {
      if (isAway) throw new TypeError('connection refused')
      return playlistResponse(NOW)
    })
    await get()
    isAway = true
    edge.clock.nowMs += 119_999
    expect((await get('?_HLS_msn=6')).status).toBe(200)
    edge.clock.nowMs += 1
    expect((await get('?_HLS_msn=6')).status).toBe(503)
  })

  test("the origin's own word that nothing new has come is passed on (MEDIA.md 13)", async () => {
    const { get } = await createViewer(({ url }) =>
      url.includes('_HLS')
        ? new Response('{}', { status: 503, headers: { 'content-type': 'application/problem+json' } })
        : playlistResponse(NOW),
    )
    await get()
    expect((await get('?_HLS_msn=5&_HLS_part=3')).status).toBe(503)
  })
})

test('what is measured of live playlists can be read off', async () => {
  const waiting = Promise.withResolvers<Response>()
  const { edge, get } = await createViewer(() => waiting.promise)
  const readers = [0, 1, 2].map(() => get('?_HLS_msn=5&_HLS_part=3'))
  await vi.waitFor(() => expect(metric(edge, 'edge_blocked_readers{process="edge"}')).toBe(3))
  waiting.resolve(playlistResponse(NOW, { 'x-streamtube-part-at': String(edge.clock.nowMs - 7.5) }))
  for (const reader of readers) expect((await reader).headers.get('x-streamtube-part-at')).toBeNull()
  expect(metric(edge, 'edge_blocked_readers{process="edge"}')).toBe(0)
  expect(metric(edge, 'edge_media_readers_total{process="edge",kind="playlist"}')).toBe(3)
  expect(metric(edge, 'edge_origin_media_requests_total{process="edge",kind="playlist",status="200"}')).toBe(
    1,
  )
  expect(metric(edge, 'edge_part_lateness_seconds_bucket{process="edge",le="0.005"}')).toBe(0)
  expect(metric(edge, 'edge_part_lateness_seconds_bucket{process="edge",le="0.01"}')).toBe(1)
})
