import { expect, test } from 'vitest'
import { createTestEdge, TIMELINE, VIDEO } from '../testing/test-edge.ts'

const LIST = `dvr/${VIDEO}/source.m3u8`
const playlist = () =>
  new Response('#EXTM3U', { headers: { 'cache-control': 'public, max-age=1, s-maxage=2' } })

test('a DVR playlist is asked of the recordings once in two seconds for all, its updates once more', async () => {
  const edge = await createTestEdge({ origin: playlist })
  const readAll = async () => {
    for (let viewer = 0; viewer < 20; viewer++) {
      const token = await edge.token({ knd: 'dvr' })
      for (const query of ['', '?_HLS_skip=YES', '?_HLS_msn=7&_HLS_skip=YES', '?_HLS_msn=8']) {
        expect((await edge.get(`/p/${token}/${LIST}${query}`)).status).toBe(200)
      }
    }
  }
  await readAll()
  const urls = [`http://api.test/media/${LIST}`, `http://api.test/media/${LIST}?_HLS_skip=YES`]
  expect(edge.asked.map(({ url }) => url)).toEqual(urls)
  edge.clock.nowMs += 2000
  await readAll()
  expect(edge.asked.map(({ url }) => url)).toEqual([...urls, ...urls])
})

test('a token for live opens no DVR playlist, and the other way round', async () => {
  const edge = await createTestEdge({ origin: playlist })
  expect((await edge.get(`/p/${await edge.token({ knd: 'live' })}/${LIST}`)).status).toBe(403)
  const dvr = await edge.token({ knd: 'dvr' })
  expect((await edge.get(`/p/${dvr}/live/${VIDEO}/source.m3u8`)).status).toBe(403)
  expect(edge.asked).toEqual([])
})

test('a segment that the ingest node has let go of comes from the recordings, and its absence is not remembered', async () => {
  const recorded = new Set<string>()
  const edge = await createTestEdge({
    origin: ({ url }) => {
      const isThere = new URL(url).host === 'api.test' && recorded.has(new URL(url).pathname)
      return new Response(isThere ? 'bytes' : null, {
        status: isThere ? 200 : 404,
        headers: { 'content-type': 'video/mp4' },
      })
    },
  })
  const object = `m/${TIMELINE}/source/1/s7.m4s`
  const path = `/p/${await edge.token({ knd: 'dvr' })}/${object}`
  expect((await edge.get(path)).status).toBe(404)
  recorded.add(`/media/${object}`)
  const answer = await edge.get(path)
  expect([answer.status, await answer.text()]).toEqual([200, 'bytes'])
})

test('a sheet of small pictures comes from the recordings, whatever the cap, by a token of its timeline', async () => {
  const edge = await createTestEdge({
    origin: () => new Response('jpeg', { headers: { 'content-type': 'image/jpeg' } }),
  })
  const sheet = `m/${TIMELINE}/storyboard/29922600.jpg`
  const answer = await edge.get(`/p/${await edge.token({ cap: 240 })}/${sheet}`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg'])
  expect(answer.headers.get('cache-control')).toContain('immutable')
  expect(edge.asked.map(({ url }) => url)).toEqual([`http://api.test/media/${sheet}`])
  expect((await edge.get(`/p/${await edge.token({ tml: VIDEO })}/${sheet}`)).status).toBe(403)
})
