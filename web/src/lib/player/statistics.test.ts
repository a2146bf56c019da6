import { expect, it } from 'vitest'
import { startFollowing } from './following.ts'
import { factsOf, type Statistics } from './statistics.ts'

const video: Statistics = {
  live: null,
  bufferS: 12.345,
  playbackRate: 1.5,
  bandwidthBps: null,
  rung: null,
  size: { width: 0, height: 0 },
  frames: null,
}
const values = (statistics: Statistics) =>
  Object.fromEntries(factsOf(statistics).map(({ id, value }) => [id, value]))

it('says of live how far behind it is and wants to be', () => {
  const live = { ...startFollowing, latencyS: 0.714, targetS: 0.63, stalls: 2 }
  expect(values({ ...video, live, playbackRate: 1.02 })).toMatchObject({
    latency: '0.71 s (target 0.63 s)',
    rate: '1.02×',
    stalls: '2',
  })
})
it('leaves out what is not known', () => {
  expect(values(video)).toEqual({ buffer: '12.35 s' })
})
it('names the quality by what it is called, what it is and what it costs', () => {
  const size = { width: 1280, height: 720 }
  const rung = { id: 0, lines: 720, frameRate: 60, bitrateBps: 2_640_000 }
  const frames = { shown: 900, dropped: 3 }
  expect(values({ ...video, size, rung, bandwidthBps: 18_240_000, frames })).toMatchObject({
    quality: '720p60, 1280×720, 2.6 Mb/s',
    bandwidth: '18.2 Mb/s',
    frames: '900 shown, 3 dropped',
  })
})
