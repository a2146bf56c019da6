import { expect, it } from 'vitest'
import { ListedFrames } from './listed-frames.ts'

const part = '#EXT-X-PART:DURATION=0.20000,URI="p.m4s"'
const segment = '#EXTINF:2.00000,\ns.m4s'
const playlist = (first: number, ...lines: string[]) =>
  [`#EXTM3U`, `#EXT-X-MEDIA-SEQUENCE:${first}`, ...lines].join('\n')

it('counts each frame once: a segment’s parts are the segment', () => {
  const listed = new ListedFrames(30)
  expect(listed.count(playlist(7, part, part))).toBe(12)
  expect(listed.count(playlist(7, part, part, segment, part))).toBe(66)
})
it('remembers what has left the window', () => {
  const listed = new ListedFrames(30)
  listed.count(playlist(7, segment, segment))
  expect(listed.count(playlist(8, segment, part))).toBe(126)
})
