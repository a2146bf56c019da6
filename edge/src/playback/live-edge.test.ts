import fc from 'fast-check'
import { expect, test } from 'vitest'
import { livePlaylist } from '../testing/live-playlist.ts'
import { hasPlace, isBehind, isTooFar, type LiveEdge, readLiveEdge } from './live-edge.ts'

function edgeOf(playlist: Parameters<typeof livePlaylist>[0]): LiveEdge {
  const edge = readLiveEdge(livePlaylist(playlist))
  if (!edge) throw new Error('not a low-latency playlist')
  return edge
}

test('reads how far a playlist has come, full or delta', () => {
  const at = { first: 7, segments: 30, finishedParts: 10, parts: 3 }
  const expected = { partTargetMs: 210, finished: 36, finishedParts: 10, openParts: 3, ended: false }
  expect(edgeOf(at)).toEqual(expected)
  expect(edgeOf({ ...at, skipped: 18 })).toEqual(expected)
  expect(edgeOf({ ...at, ended: true, partTarget: '0.510' })).toEqual({
    ...expected,
    ended: true,
    partTargetMs: 510,
  })
})

test.each([
  ['a master', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource.m3u8\n'],
  ['one without parts', '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:2,\ns1.m4s\n'],
  ['one without a number', '#EXTM3U\n#EXT-X-PART-INF:PART-TARGET=0.2\n'],
  ['one with a number that is none', '#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MEDIA-SEQUENCE:x\n'],
  ['nothing', ''],
])('%s is no low-latency playlist', (_, text) => {
  expect(readLiveEdge(text)).toBeNull()
})

test('has what it lists, and the first part of the next segment for a part past the end', () => {
  const open = edgeOf({ first: 10, segments: 3, finishedParts: 10, parts: 4 })
  expect(hasPlace(open, { msn: 12, part: null })).toBe(true)
  expect(hasPlace(open, { msn: 13, part: null })).toBe(false)
  expect(hasPlace(open, { msn: 13, part: 3 })).toBe(true)
  expect(hasPlace(open, { msn: 13, part: 4 })).toBe(false)
  expect(hasPlace(open, { msn: 12, part: 99 })).toBe(true)
  const closed = edgeOf({ first: 10, segments: 3, finishedParts: 10 })
  expect(hasPlace(closed, { msn: 12, part: 9 })).toBe(true)
  expect(hasPlace(closed, { msn: 12, part: 10 })).toBe(false)
  const gap = edgeOf({ first: 10, segments: 3 })
  expect(hasPlace(gap, { msn: 12, part: 0 })).toBe(true)
  expect(hasPlace(gap, { msn: 12, part: 1 })).toBe(false)
  expect(hasPlace(edgeOf({ segments: 1, ended: true }), { msn: 99, part: 0 })).toBe(true)
})

test('two segments ahead is near, three is too far; parts by the advance part limit', () => {
  const edge = edgeOf({ first: 10, segments: 3, parts: 4 })
  expect(isTooFar(edge, { msn: 14, part: null })).toBe(false)
  expect(isTooFar(edge, { msn: 15, part: null })).toBe(true)
  expect(isTooFar(edge, { msn: 13, part: 3 + 15 })).toBe(false)
  expect(isTooFar(edge, { msn: 13, part: 3 + 16 })).toBe(true)
  expect(isTooFar(edge, { msn: 14, part: 15 })).toBe(false)
  expect(isTooFar(edge, { msn: 14, part: 16 })).toBe(true)
})

test('of two playlists one is behind, or neither', () => {
  const playlist = fc.record({
    segments: fc.nat(5),
    parts: fc.nat(5),
    ended: fc.boolean(),
  })
  fc.assert(
    fc.property(playlist, playlist, (a, b) => {
      const [one, other] = [edgeOf(a), edgeOf(b)]
      expect(isBehind(one, other) && isBehind(other, one)).toBe(false)
      expect(isBehind(one, one)).toBe(false)
    }),
  )
})

test('whatever a playlist says, reading it ends and gives numbers or nothing', () => {
  const line = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom(
          '#EXT-X-MEDIA-SEQUENCE:',
          '#EXT-X-SKIP:SKIPPED-SEGMENTS=',
          '#EXT-X-PART-INF:PART-TARGET=',
          '#EXTINF:',
          '#EXT-X-PART:',
        ),
        fc.oneof(
          fc.string(),
          fc.integer().map(String),
          fc.double().map(String),
          fc.constant('9'.repeat(400)),
        ),
      )
      .map((pair) => pair.join('')),
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const edge = readLiveEdge(lines.join('\n'))
      if (!edge) return
      expect(Number.isSafeInteger(edge.finished)).toBe(true)
      expect(edge.partTargetMs).toBeGreaterThan(0)
      expect(edge.partTargetMs).toBeLessThan(1_000_000)
    }),
  )
})
