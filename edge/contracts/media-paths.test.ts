import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeId } from './ids.ts'
import {
  initPath,
  isRenditionId,
  type MediaPath,
  parseMediaPath,
  partPath,
  segmentPath,
  sheetPath,
} from './media-paths.ts'

const id = fc
  .tuple(fc.nat(2 ** 40), fc.uint8Array({ minLength: 10, maxLength: 10 }))
  .map(([time, random]) => makeId(time, random))
const rendition = fc.constantFrom('source', 'audio', '720p30', 'a'.repeat(32))
const number = fc.nat(2 ** 31)

function print(path: MediaPath): string {
  switch (path.type) {
    case 'master':
      return `${path.kind}/${path.assetId}/master.m3u8`
    case 'playlist':
      return `${path.kind}/${path.assetId}/${path.renditionId}.m3u8`
    case 'init':
      return initPath(path.timelineId, path.renditionId, path.epoch, path.header)
    case 'segment':
      return segmentPath(path.timelineId, path.renditionId, path.epoch, path.sequence)
    case 'part':
      return partPath(path.timelineId, path.renditionId, path.epoch, path.part)
    case 'sheet':
      return sheetPath(path.timelineId, path.minute)
  }
}

test('what is written is read back', () => {
  fc.assert(
    fc.property(id, rendition, number, number, (timelineId, renditionId, epoch, n) => {
      const at = { timelineId, renditionId, epoch }
      expect(parseMediaPath(initPath(timelineId, renditionId, epoch))).toEqual({ type: 'init', ...at })
      expect(parseMediaPath(initPath(timelineId, renditionId, epoch, n + 1))).toEqual({
        type: 'init',
        ...at,
        header: n + 1,
      })
      expect(parseMediaPath(segmentPath(timelineId, renditionId, epoch, n))).toEqual({
        type: 'segment',
        ...at,
        sequence: n,
      })
      expect(parseMediaPath(partPath(timelineId, renditionId, epoch, n))).toEqual({
        type: 'part',
        ...at,
        part: n,
      })
      expect(parseMediaPath(sheetPath(timelineId, n))).toEqual({ type: 'sheet', timelineId, minute: n })
    }),
  )
})

test('one address has one spelling: whatever is read prints as it was', () => {
  const piece = fc.oneof(
    id,
    rendition,
    fc.constantFrom(
      'm',
      'live',
      'vod',
      'clip',
      '..',
      '.',
      '',
      '%2e%2e',
      'master.m3u8',
      'source.m3u8',
      'init.mp4',
      'init-7.mp4',
      'init-0.mp4',
      'init-07.mp4',
      's7.m4s',
      'p07.m4s',
      '1',
      '01',
      '-1',
      '1e3',
    ),
    fc.string({ maxLength: 8 }),
  )
  const separator = fc.constantFrom('/', '/', '/', '/', '//', '\\', '%2f', '?', '#', '\n')
  fc.assert(
    fc.property(fc.array(fc.tuple(piece, separator), { maxLength: 7 }), (pieces) => {
      const text = pieces
        .map(([part, end]) => part + end)
        .join('')
        .replace(/\/$/, '')
      const path = parseMediaPath(text)
      if (path) expect(print(path)).toBe(text)
    }),
    { numRuns: 5000 },
  )
})

test.each([
  'live/short/master.m3u8',
  'm/01m81rwzr00000000000000002/source/1/s7.m4s\n',
  'm/01m81rwzr00000000000000002/Source/1/s7.m4s',
  'm/01m81rwzr00000000000000002/source/1/s9999999999999999.m4s',
  'm/01m81rwzr00000000000000002/source/1/init.mp4?x',
  'vod/01m81rwzr00000000000000002/.m3u8',
  'vod/01m81rwzr00000000000000002/a/b.m3u8',
  'trailer/01m81rwzr00000000000000002/master.m3u8',
  'm/01m81rwzr00000000000000002/storyboard/01.jpg',
  'm/01m81rwzr00000000000000002/storyboard/1.png',
  'm/01m81rwzr00000000000000002/pictures/1.jpg',
])('%j is no media address', (text) => {
  expect(parseMediaPath(text)).toBeNull()
})

test('a rendition id is short, lower case and begins with a letter or digit', () => {
  expect(['720p30', 'a-b', '-a', 'A', '', 'a'.repeat(33), 'a.b', 'a\n'].map(isRenditionId)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
    false,
  ])
})
