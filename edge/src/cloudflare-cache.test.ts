import { expect, test } from 'vitest'
import { cloudflareCaching } from './cloudflare-cache.ts'
import { TIMELINE, VIDEO } from './testing/test-edge.ts'

const media = (path: string) => cloudflareCaching(`http://ingest.test/media/${path}`)

test('objects are kept as their origin says', () => {
  for (const object of ['s7.m4s', 'p7.m4s']) {
    expect(media(`m/${TIMELINE}/source/1/${object}`)).toEqual({ cacheEverything: true })
  }
})

test('a playlist that is waited for is shared for a second, and nothing that went wrong', () => {
  expect(media(`live/${VIDEO}/source.m3u8?_HLS_msn=5&_HLS_part=2`)).toEqual({
    cacheEverything: true,
    cacheTtlByStatus: { '200': 1, '201-599': -1 },
  })
})

test.each([
  `http://ingest.test/media/live/${VIDEO}/source.m3u8`,
  `http://ingest.test/media/live/${VIDEO}/source.m3u8?_HLS_skip=YES`,
  `http://ingest.test/media/live/${VIDEO}/master.m3u8`,
  'http://ingest.test/media/nonsense',
  'http://api.test/api/v1/me?_HLS_msn=1',
  'http://api.test/rpc/streamtube.v1.EdgeService/Locate',
])('%s is nobody else’s', (url) => {
  expect(cloudflareCaching(url)).toBeUndefined()
})
