import { expect, test } from 'vitest'
import { dvrPlaylist, masterPlaylist } from '../../origin/media/playlists.ts'
import { measureBandwidth, type RenditionTimeline } from '../../origin/media/timeline.ts'
import type { SegmentEntry } from '../../origin/media/types.ts'
import { createLinter, describeViolation } from './hls-linter/linter.ts'

const TIMELINE = '01jd0000000000000000000000'
const BASE = 'https://edge.example.org/p/token/dvr/01jd0000000000000000000000/'
const START = Date.UTC(2026, 10, 22, 14)
const WINDOW_MS = 120_000
const SEGMENTS = 150

/** An encoder goes away after ten segments and after sixty, for twenty seconds; after each it is another epoch. */
const AWAY = [10, 60]
const AWAY_SEGMENTS = 10

function entries(count: number, timescale: number): SegmentEntry[] {
  return Array.from({ length: count }, (_, sequence) => {
    const gap = AWAY.some((from) => sequence >= from && sequence < from + AWAY_SEGMENTS)
    const epoch = 1 + AWAY.filter((from) => sequence >= from + AWAY_SEGMENTS).length
    return {
      epoch,
      sequence,
      dts: sequence * 2 * timescale,
      duration: 2 * timescale,
      programTimeMs: START + sequence * 2000,
      sizeBytes: gap ? 0 : timescale * 5,
      independent: !gap,
      discontinuity: AWAY.some((from) => sequence === from + AWAY_SEGMENTS),
      gap,
    }
  })
}

function timelineOf(count: number): RenditionTimeline[] {
  const video = { kind: 'video', codecs: 'avc1.64001f', timescale: 90_000, frameRate: 30 } as const
  return [
    { info: { ...video, id: 'source', width: 1280, height: 720 }, segments: entries(count, 90_000) },
    {
      info: { id: 'audio', kind: 'audio', codecs: 'mp4a.40.2', timescale: 48_000, channels: 2 },
      segments: entries(count, 48_000),
    },
  ]
}

test('nothing is wrong with the DVR playlists of a broadcast with interruptions, however they are asked for', () => {
  const linter = createLinter({ slackMs: 0 })
  const whole = timelineOf(SEGMENTS)
  linter.see({
    url: `${BASE}master.m3u8`,
    text: masterPlaylist(
      whole.map(({ info, segments }) => ({ info, ...measureBandwidth(info.timescale, segments) })),
    ),
    atMs: 0,
  })
  for (let count = 3; count <= SEGMENTS; count++) {
    const timeline = timelineOf(count)
    for (const rendition of timeline) {
      const ended = count === SEGMENTS
      // A viewer who comes now, beside one who has followed from the start.
      for (const skip of ended || count % 5 === 0 ? [true, false] : [true]) {
        const text = dvrPlaylist(TIMELINE, rendition, timeline, { windowMs: WINDOW_MS, skip, ended })
        const query = skip && !ended && count > 3 ? '?_HLS_skip=YES' : ''
        linter.see({ url: `${BASE}${rendition.info.id}.m3u8${query}`, text, atMs: count * 2000 })
      }
    }
  }
  expect(linter.violations.map(describeViolation)).toEqual([])
  expect(linter.seen.media).toBeGreaterThan(300)
  expect(linter.seen.deltas).toBeGreaterThan(200)
})
