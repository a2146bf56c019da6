import { EDGE_TOKEN_HEADER } from '@streamtube/contracts/headers.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { EDGE_TOKEN, startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { ENDED, LIVE, newKey, publish, renditions, report, segments } from './testing.ts'
import { SETTLING_MS } from './views.ts'

let api: TestApi
let id: string
const bytes = new Uint8Array(1000).map((_, i) => i % 251)

beforeAll(async () => {
  api = await startApiForTests()
  const grant = await publish(api, await newKey(await signUp(api)))
  id = grant.broadcastId
  await report(api, grant, LIVE)
  const batch = segments(id, 1, 0, 4)
  for (const { locator } of batch) await api.library.blobs.put(locator, bytes, { contentType: 'video/mp4' })
  await api.ingest.appendIndex({ timelineId: id, epoch: 1, renditions: renditions(), segments: batch })
  await report(api, grant, ENDED)
})
afterAll(() => api.close())

function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return fetch(api.url + path, { method, headers: { [EDGE_TOKEN_HEADER]: EDGE_TOKEN, ...headers } })
}
const segment = () => `/media/m/${id}/source/1/s2.m4s`

describe('a finished broadcast', () => {
  test('plays from its start: a master, complete playlists, and addresses that answer', async () => {
    const master = await get(`/media/vod/${id}/master.m3u8`)
    expect(master.headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
    const text = await master.text()
    expect(text).toContain('source.m3u8')
    expect(text).toContain('audio.m3u8')
    const playlist = await (await get(`/media/vod/${id}/source.m3u8`)).text()
    expect(playlist).toContain('#EXT-X-ENDLIST')
    expect(playlist.match(/#EXTINF/g)).toHaveLength(4)
    const base = new URL(`${api.url}/media/vod/${id}/source.m3u8`)
    const addresses = [...playlist.matchAll(/URI="([^"]+)"|^([^#\s].*)$/gm)].map(
      (match) => match[1] ?? match[2] ?? '',
    )
    expect(addresses).toHaveLength(5)
    for (const address of addresses) {
      expect((await get(new URL(address, base).pathname)).status, address).toBe(200)
    }
  })

  test('has a playlist that edges ask for again soon while late segments may still come, then for an hour', async () => {
    const cacheControl = async () =>
      (await get(`/media/vod/${id}/source.m3u8`)).headers.get('cache-control') ?? ''
    expect(await cacheControl()).toBe('public, max-age=1')
    api.pass(SETTLING_MS - 60_000)
    expect(await cacheControl()).toBe('public, max-age=1')
    api.pass(60_000)
    expect(await cacheControl()).toBe('public, max-age=3600')
  })

  test('is not there as anything else', async () => {
    for (const path of [
      `/media/live/${id}/master.m3u8`,
      `/media/vod/${id}/720p30.m3u8`,
      '/media/vod/01kb0000000000000000000000/master.m3u8',
      `/media/m/${id}/source/1/s9.m4s`,
      `/media/m/${id}/source/1/p0.m4s`,
      `/media/m/${id}/source/01/s2.m4s`,
      `/media/m/${id}/source/1/..%2f..%2fsecrets`,
      `/media/m/${id}/source/1/%73%32.m4s`,
    ]) {
      expect((await get(path)).status, path).toBe(404)
    }
  })
})

describe('an object', () => {
  test('is immutable and comes whole', async () => {
    const answer = await get(segment())
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(answer.headers.get('content-type')).toBe('video/mp4')
    expect(answer.headers.get('accept-ranges')).toBe('bytes')
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes)
    const etag = answer.headers.get('etag') ?? ''
    expect((await get(segment(), { 'if-none-match': etag })).status).toBe(304)
    expect((await get(segment(), { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('answers HEAD with its size and no bytes', async () => {
    const answer = await get(segment(), {}, 'HEAD')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-length')).toBe('1000')
    expect((await answer.arrayBuffer()).byteLength).toBe(0)
    expect((await get(`/media/m/${id}/source/1/s9.m4s`, {}, 'HEAD')).status).toBe(404)
  })

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=990-', 990, 999],
    ['bytes=990-5000', 990, 999],
    ['bytes=-10', 990, 999],
    ['bytes=-5000', 0, 999],
  ])('answers the range %s', async (range, start, end) => {
    const answer = await get(segment(), { range })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000`)
    expect(answer.headers.get('content-length')).toBe(String(end - start + 1))
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes.slice(start, end + 1))
  })

  test('refuses a range past its end, and passes over what it doesn’t know', async () => {
    const past = await get(segment(), { range: 'bytes=1000-' })
    expect(past.status).toBe(416)
    expect(past.headers.get('content-range')).toBe('bytes */1000')
    expect((await get(segment(), { range: 'bytes=-0' })).status).toBe(416)
    expect((await get(segment(), { range: 'bytes=0-1,5-6' })).status).toBe(200)
  })
})

test('media asked for without an edge is 401', async () => {
  const paths = [`/media/vod/${id}/master.m3u8`, segment()]
  for (const path of paths) {
    expect((await fetch(api.url + path)).status).toBe(401)
    expect((await get(path, { [EDGE_TOKEN_HEADER]: 'forged' })).status).toBe(401)
  }
})

describe('a picture', () => {
  test('replaces the one before, and is served to everybody', async () => {
    const put = (version: string) =>
      api.library.blobs.put(`thumbnails/${id}/${version}.jpg`, bytes, { contentType: 'image/jpeg' })
    await put('v1')
    await api.jobs.setThumbnail({ videoId: id, blobKey: `thumbnails/${id}/v1.jpg` })
    const { thumbnailUrl } = (await api.browser().get(`/videos/${id}`)).body
    const answer = await fetch(api.url + thumbnailUrl)
    expect(answer.headers.get('content-type')).toBe('image/jpeg')
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect((await answer.arrayBuffer()).byteLength).toBe(1000)

    api.pass(3_600_000)
    await put('v2')
    await api.jobs.setThumbnail({ videoId: id, blobKey: `thumbnails/${id}/v2.jpg` })
    expect((await api.browser().get(`/videos/${id}`)).body.thumbnailUrl).toBe(`/thumbnails/${id}/v2.jpg`)
    expect((await fetch(api.url + thumbnailUrl)).status).toBe(404)
  })

  test('of another video, elsewhere or not there is refused', async () => {
    for (const blobKey of [
      `thumbnails/${id}/../x.jpg`,
      'thumbnails/other/v1.jpg',
      `thumbnails/${id}/none.jpg`,
    ]) {
      await expect(api.jobs.setThumbnail({ videoId: id, blobKey })).rejects.toThrow()
    }
  })
})
