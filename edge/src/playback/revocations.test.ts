import { describe, expect, test } from 'vitest'
import { createTestEdge, revocation, type TestEdge, TIMELINE, testId, VIDEO } from '../testing/test-edge.ts'

const OBJECT = `m/${TIMELINE}/source/1/s7.m4s`
const [MINE, THEIRS] = [testId(7), testId(8)]

const media = () =>
  new Response('0123456789', { headers: { 'content-type': 'video/mp4', 'content-length': '10' } })

async function start(options: Parameters<typeof createTestEdge>[0] = {}) {
  const edge = await createTestEdge({ origin: media, ...options })
  const [mine, theirs] = await Promise.all([MINE, THEIRS].map((ses) => edge.token({ ses })))
  return { edge, mine: `/p/${mine}/${OBJECT}`, theirs: `/p/${theirs}/${OBJECT}` }
}

const status = async (edge: TestEdge, path: string) => (await edge.get(path)).status

/** Lets a question that nobody waits for come to its end. */
async function settle(edge: TestEdge, questions: number): Promise<void> {
  await expect.poll(() => edge.feed.asked.length).toBe(questions)
  await new Promise((resolve) => setImmediate(resolve))
}

describe.each(['process', 'request'] as const)('where requests share by %s', (sharing) => {
  test('a viewer who is revoked is refused within 2 s, nobody else notices', async () => {
    const { edge, mine, theirs } = await start({ sharing })
    expect([await status(edge, mine), await status(edge, theirs)]).toEqual([200, 200])
    edge.feed.revocations.push(revocation({ sessionId: MINE }))
    edge.clock.nowMs += 2000
    const refused = await edge.get(mine)
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, '*'])
    expect(await refused.json()).toMatchObject({ type: '/problems/forbidden' })
    expect(await status(edge, theirs)).toBe(200)
    expect(edge.metrics.text()).toContain('edge_tokens_refused_total{process="edge",reason="revoked"} 1')
  })

  test('a token that is revoked is refused at its first request as well', async () => {
    const { edge, mine } = await start({ sharing })
    edge.feed.revocations.push(revocation({ sessionId: MINE }))
    expect(await status(edge, mine)).toBe(403)
  })

  test('the feed is asked where the last answer ended', async () => {
    const { edge, theirs } = await start({ sharing })
    edge.feed.revocations.push(revocation({ sessionId: MINE }))
    await edge.get(theirs)
    edge.clock.nowMs += 2000
    await edge.get(theirs)
    expect(edge.feed.asked).toEqual(['', '1'])
  })

  test('while the feed is away a session that is known goes on for 60 s, no longer', async () => {
    const { edge, mine } = await start({ sharing })
    expect(await status(edge, mine)).toBe(200)
    edge.feed.status = 503
    for (let second = 1; second < 60; second++) {
      edge.clock.nowMs += 1000
      expect([second, await status(edge, mine)]).toEqual([second, 200])
    }
    edge.clock.nowMs += 1000
    const refused = await edge.get(mine)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    edge.feed.status = 200
    edge.clock.nowMs += 1000
    expect(await status(edge, mine)).toBe(200)
  })

  test('while the feed is away nobody new is let in, and it is said in the log once', async () => {
    const { edge, mine, theirs } = await start({ sharing })
    expect(await status(edge, mine)).toBe(200)
    edge.feed.status = 503
    edge.clock.nowMs += 4999
    const early = `/p/${await edge.token({ sid: testId(31) })}/${OBJECT}`
    expect(await status(edge, early)).toBe(200)
    for (let i = 0; i < 3; i++) {
      edge.clock.nowMs += 1001
      const refused = await edge.get(theirs)
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await status(edge, mine)).toBe(200)
    }
    expect(edge.lines.filter((line) => line.includes('can not be followed;'))).toHaveLength(1)
  })
})

test('an edge that was never told anything lets nobody in', async () => {
  const { edge, mine } = await start()
  edge.feed.status = 503
  expect(await status(edge, mine)).toBe(503)
})

test('a thousand requests in a second cost one question, which none of them waits for', async () => {
  const { edge, mine } = await start()
  await edge.get(mine)
  edge.clock.nowMs += 800
  for (let i = 0; i < 1000; i++) {
    const answer = edge.app.fetch(new Request(`http://site.test${mine}`), () => '')
    expect(answer).toBeInstanceOf(Response)
  }
  await settle(edge, 2)
})

test('a feed that is away is asked once a second, by nobody who has to wait', async () => {
  const { edge, mine } = await start()
  await edge.get(mine)
  edge.feed.status = 503
  edge.clock.nowMs += 800
  await edge.get(mine)
  await settle(edge, 2)
  for (let i = 0; i < 20; i++) {
    edge.clock.nowMs += 100
    expect(edge.app.fetch(new Request(`http://site.test${mine}`), () => '')).toBeInstanceOf(Response)
    await settle(edge, 2 + Math.floor((i + 1) / 10))
  }
})

test('a clock that is set back does not stop the questions', async () => {
  const { edge, mine } = await start()
  await edge.get(mine)
  edge.clock.nowMs -= 1_000_000
  edge.feed.revocations.push(revocation({ sessionId: MINE }))
  await edge.get(mine)
  await settle(edge, 2)
  expect(await status(edge, mine)).toBe(403)
})

test('whoever waits for a part and is revoked meanwhile gets that one and no other', async () => {
  const parts: ((response: Response) => void)[] = []
  const edge = await createTestEdge({
    origin: () => new Promise<Response>((resolve) => parts.push(resolve)),
  })
  const base = `/p/${await edge.token({ ses: MINE })}/live/${VIDEO}/source.m3u8`
  const waiting = edge.get(`${base}?_HLS_msn=5`)
  await expect.poll(() => parts.length).toBe(1)
  edge.feed.revocations.push(revocation({ sessionId: MINE }))
  parts[0]?.(new Response('#EXTM3U', { headers: { 'content-type': 'application/vnd.apple.mpegurl' } }))
  expect((await waiting).status).toBe(200)
  edge.clock.nowMs += 2000
  expect(await status(edge, `${base}?_HLS_msn=6`)).toBe(403)
})

test('a clock that is set back while the feed is away gives nobody more than 60 s', async () => {
  const { edge, mine } = await start()
  expect(await status(edge, mine)).toBe(200)
  edge.feed.status = 503
  edge.clock.nowMs -= 3_600_000
  for (let second = 0; second < 62; second++) {
    await edge.get(mine)
    edge.clock.nowMs += 1000
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await status(edge, mine)).toBe(503)
})
