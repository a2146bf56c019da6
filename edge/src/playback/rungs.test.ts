import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linesOfRenditions, linesOfRungId, trimMaster } from './rungs.ts'

const MASTER = [
  '#EXTM3U',
  '#EXT-X-VERSION:9',
  '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Audio",URI="audio.m3u8"',
  '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1080x1920,AUDIO="a"',
  'source.m3u8',
  '#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=720x1280,AUDIO="a"',
  '# a comment between',
  '720p30.m3u8',
  '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,RESOLUTION=1080x1920,URI="source-frames.m3u8"',
  '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"',
  'https://other.test/480p25.m3u8?x=1',
  '',
].join('\n')

test('the lines of each rendition are those of the shorter side', () => {
  expect(Object.fromEntries(linesOfRenditions(MASTER))).toEqual({
    audio: 0,
    source: 1080,
    '720p30': 720,
    'source-frames': 1080,
    '480p25': 480,
  })
})

test('a trimmed master keeps every line of what is allowed and none of what is not', () => {
  const trimmed = trimMaster(MASTER, 720)
  expect(trimmed).toBe(
    MASTER.split('\n')
      .filter((line) => !line.includes('1080x1920') && !line.startsWith('source'))
      .join('\n'),
  )
  expect(trimMaster(MASTER, 4000)).toBe(MASTER)
  expect(trimMaster(MASTER, 240)).toBeNull()
})

test('a rung says its lines in its id', () => {
  expect(['720p30', '1080p60', 'source', 'audio', '720p', 'x720p30'].map(linesOfRungId)).toEqual([
    720,
    1080,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('any text can be trimmed', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('#EXT-X-STREAM-INF:RESOLUTION=10x20', '#EXT-X-MEDIA:URI="', 'a.m3u8', '#EXTM3U', '\r'),
  )
  fc.assert(
    fc.property(fc.array(line), fc.nat(3000), (lines, cap) => {
      const text = lines.join('\n')
      const trimmed = trimMaster(text, cap)
      if (trimmed === null) return
      for (const [, height] of linesOfRenditions(trimmed)) expect(height).toBeLessThanOrEqual(cap)
    }),
  )
})
