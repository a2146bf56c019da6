import { expect, test } from 'vitest'
import { livePosition } from './live-position.ts'

const head = '#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=0.210\n#EXT-X-MEDIA-SEQUENCE:7\n'
const part = (name: string) => `#EXT-X-PART:DURATION=0.20000,URI="../${name}.m4s",INDEPENDENT=YES\n`
const segment = '#EXTINF:2.00000,\n../s.m4s\n'

test('the next part follows the ones of the segment that is being written', () => {
  const text = `${head}${segment}${part('a')}${part('b')}${segment}${part('c')}#EXT-X-PRELOAD-HINT:TYPE=PART,URI="d"\n`
  expect(livePosition(text)).toEqual({ msn: 9, part: 1, parts: ['../a.m4s', '../b.m4s', '../c.m4s'] })
})

test('a delta update is counted from what it skips', () => {
  const text = `${head}#EXT-X-SKIP:SKIPPED-SEGMENTS=20\n${part('a')}${segment}`
  expect(livePosition(text)).toEqual({ msn: 28, part: 0, parts: ['../a.m4s'] })
})
