import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { playlistResponse } from '../testing/live-playlist.ts'
import { createTestEdge, type TestEdge, TIMELINE, VIDEO } from '../testing/test-edge.ts'

let edge: TestEdge
let token = ''
beforeAll(async () => {
  edge = await createTestEdge({
    origin: ({ url }) =>
      url.includes('.m3u8')
        ? playlistResponse({ segments: 5, finishedParts: 10, parts: 3 })
        : new Response('0123456789', { headers: { 'content-length': '10', etag: '"7"' } }),
  })
  token = await edge.token()
})

const rest = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'm',
          'live',
          'vod',
          TIMELINE,
          VIDEO,
          'source',
          '480p30',
          '0',
          '1',
          '..',
          '.',
          '',
          '%2e%2e',
        ),
        fc.constantFrom('s1.m4s', 'p1.m4s', 'init.mp4', 'init-2.mp4', 'source.m3u8', 'master.m3u8'),
        fc.string(),
        fc.bigInt({ min: 0n }).map((number) => `s${number}.m4s`),
      ),
      { maxLength: 6 },
    )
    .map((parts) => parts.join('/')),
  fc.constantFrom(`live/${VIDEO}/source.m3u8`, `live/${VIDEO}/master.m3u8`, `m/${TIMELINE}/source/1/s1.m4s`),
)
const number = fc.oneof(fc.nat().map(String), fc.bigInt().map(String), fc.double().map(String), fc.string())
const query = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom('_HLS_msn', '_HLS_part', '_HLS_skip'), fc.string()),
      fc.oneof(number, fc.constantFrom('YES', 'v2')),
    ),
    { maxLength: 5 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'))
const header = fc.oneof(
  fc.tuple(number, number).map(([start, end]) => `bytes=${start}-${end}`),
  fc.constantFrom('"7"', 'W/"7"', '*', 'bytes=-', 'bytes=0-0,2-3', ''),
  fc.string(),
)

/** As the runtime gives them: no character that a header can't have. */
const sent = (text: string) => text.replace(/[^\x20-\x7e]/g, '').trim()

test('no address, query or header that a reader sends makes the edge fail, or answer what is none of its answers', async () => {
  const request = fc.record({
    path: rest,
    asks: fc.option(query, { nil: undefined }),
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PURGE'),
    range: header,
    ifNoneMatch: header,
    ifRange: header,
    good: fc.boolean(),
    otherToken: fc.string(),
  })
  await fc.assert(
    fc.asyncProperty(
      request,
      async ({ path, asks, method, range, ifNoneMatch, ifRange, good, otherToken }) => {
        // A request as a server gives it: its address as it was sent.
        const asked = {
          url: `http://site.test/p/${good ? token : otherToken}/${path}${asks === undefined ? '' : `?${asks}`}`,
          method,
          headers: new Headers({
            range: sent(range),
            'if-none-match': sent(ifNoneMatch),
            'if-range': sent(ifRange),
          }),
          signal: new AbortController().signal,
        }
        const response = await edge.app.fetch(asked as Request, () => '203.0.113.7')
        expect([200, 204, 206, 304, 400, 403, 404, 405, 416]).toContain(response.status)
        expect((await response.text()).includes('0123456789')).toBe(
          response.status === 200 && method === 'GET' && path.startsWith('m/'),
        )
      },
    ),
    { numRuns: 2000 },
  )
  expect(edge.asked.every(({ url }) => /^http:\/\/\w+\.test\/media\/[\w./?=&-]+$/.test(url))).toBe(true)
  expect(edge.lines.filter((line) => line.includes('"error"'))).toEqual([])
})
