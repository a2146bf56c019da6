import { afterEach, expect, test } from 'vitest'
import { createLinter, describeViolation } from '../../test/support/hls-linter/linter.ts'
import { LiveTimeline } from '../media/live-timeline.ts'
import type { PackagerEvent } from '../media/packager.ts'
import {
  audioEvents,
  audioTrack,
  interleave,
  packageAll,
  videoEvents,
  videoTrack,
} from '../media/test-samples.ts'
import type { SegmentEntry } from '../media/types.ts'
import { Resumption } from './resumption.ts'

const TIMELINE = '01jd0000000000000000000000'
const START_MS = 1_795_356_000_000
const BASE = `http://edge.test/p/token/live/${TIMELINE}/`

const open: LiveTimeline[] = []
afterEach(() => {
  for (const timeline of open.splice(0)) timeline.end()
})

function timeline(discontinuitySequence = 0): LiveTimeline {
  const made = new LiveTimeline({ timelineId: TIMELINE, partTargetMs: 210, discontinuitySequence })
  open.push(made)
  return made
}

function epoch(
  options: Parameters<typeof packageAll>[1],
  seconds: number,
  rate: 44_100 | 48_000 = 48_000,
): PackagerEvent[] {
  const audio = audioTrack(rate)
  return packageAll(
    [
      { type: 'track', track: videoTrack(30) },
      { type: 'track', track: audio },
      ...interleave(videoEvents({ fps: 30, seconds }), audioEvents(audio, seconds)),
    ],
    options,
  ).events
}

/** What the index knows of it: what was finished, but for the last that were not recorded. */
function recorded(events: readonly PackagerEvent[], id: string, unrecorded: number): SegmentEntry[] {
  const entries = events.flatMap((e) => (e.type === 'segment' && e.renditionId === id ? [e.entry] : []))
  return entries.slice(0, entries.length - unrecorded)
}

const LOSSES: { case: string; unrecorded: number; rate: 44_100 | 48_000 }[] = [
  { case: 'all that was finished is recorded', unrecorded: 0, rate: 48_000 },
  { case: 'the last of it was lost', unrecorded: 1, rate: 48_000 },
  { case: 'the encoder comes back with another sampling rate', unrecorded: 0, rate: 44_100 },
]

test.each(LOSSES)('whoever reloads sees one broadcast, by the rules: $case', ({ unrecorded, rate }) => {
  const linter = createLinter({ slackMs: 0 })
  let atMs = 0
  const look = (live: LiveTimeline) => {
    for (const id of ['source', 'audio']) {
      const text = live.playlist(id, { skip: false })
      if (text !== null) linter.see({ url: `${BASE}${id}.m3u8`, text, atMs })
    }
  }
  const notBeforeMs = START_MS
  const first = timeline()
  first.declare(['source', 'audio'], START_MS)
  // It dies in the middle of a segment.
  const before = epoch({ notBeforeMs }, 21)
  const end = before.findLastIndex((e) => e.type === 'part' && e.renditionId === 'source')
  for (const event of before.slice(0, end)) {
    first.apply(event)
    atMs += 10
    if (atMs % 50 === 0) look(first)
  }
  const shown = before.slice(0, end)
  const left = {
    renditions: [
      { id: 'source', timescale: 90_000, entries: recorded(shown, 'source', unrecorded) },
      { id: 'audio', timescale: 48_000, entries: recorded(shown, 'audio', unrecorded) },
    ],
    discontinuitySequence: 0,
  }
  const nowMs = START_MS + 25_000
  const resumption = new Resumption(left, { epoch: 2, firstSequence: 60 }, nowMs)
  expect(resumption.firstSequence).toBe(60)
  const second = timeline(left.discontinuitySequence)
  second.declare(['source', 'audio'], nowMs)
  const lost = new Map<string, number>()
  const options = { epoch: 2, firstSequence: 60, notBeforeMs: nowMs, discontinuity: true }
  for (const event of epoch(options, 100, rate)) {
    const resumed = resumption.take(event)
    if (resumed) {
      second.restore(resumed.renditionId, resumed.entries, 2)
      lost.set(resumed.renditionId, resumed.lost.length)
    }
    second.apply(event)
    atMs += 10
    if (atMs % 50 === 0) look(second)
  }
  expect(linter.violations.map(describeViolation)).toEqual([])
  expect(linter.seen.media).toBeGreaterThan(300)
  const missing = 60 - (left.renditions[0]?.entries.length ?? 0)
  expect(Object.fromEntries(lost)).toEqual({ source: missing, audio: missing })
})

test('what is left is listed with where its bytes are asked for, and not held', () => {
  const before = epoch({ notBeforeMs: START_MS }, 12)
  const live = timeline()
  const left = {
    renditions: [{ id: 'source', timescale: 90_000, entries: recorded(before, 'source', 0) }],
    discontinuitySequence: 0,
  }
  const resumption = new Resumption(left, { epoch: 2, firstSequence: 8 }, START_MS + 13_000)
  const options = { epoch: 2, firstSequence: 8, notBeforeMs: START_MS + 13_000, discontinuity: true }
  for (const event of epoch(options, 1)) {
    const resumed = resumption.take(event)
    if (resumed) live.restore(resumed.renditionId, resumed.entries, 2)
    live.apply(event)
    if (event.type === 'part' && event.renditionId === 'source') break
  }
  const object = (sequence: number) =>
    live.object({ type: 'segment', timelineId: TIMELINE, renditionId: 'source', epoch: 1, sequence })
  expect(object(0)).toMatchObject({ state: 'stored' })
  expect(object(7)).toBeNull()
  expect(live.bytesHeld).toBeGreaterThan(0)
  expect(live.playlist('source', { skip: false })).toContain('/1/s0.m4s')
})

test('whoever comes after is let in once there is media as far back as players start', () => {
  const before = epoch({ notBeforeMs: START_MS }, 12)
  const live = timeline()
  const left = {
    renditions: ['source', 'audio'].map((id) => ({
      id,
      timescale: id === 'source' ? 90_000 : 48_000,
      entries: recorded(before, id, 0),
    })),
    discontinuitySequence: 0,
  }
  const nowMs = START_MS + 13_000
  const resumption = new Resumption(left, { epoch: 2, firstSequence: 8 }, nowMs)
  const { firstSequence, notBeforeMs } = resumption
  live.declare(['source', 'audio'], nowMs)
  let parts = 0
  for (const event of epoch({ epoch: 2, firstSequence, notBeforeMs, discontinuity: true }, 2)) {
    const resumed = resumption.take(event)
    if (resumed) live.restore(resumed.renditionId, resumed.entries, 2)
    live.apply(event)
    if (event.type === 'part' && event.renditionId === 'source') parts++
    if (live.master(nowMs) !== null) break
  }
  // Three parts are the distance from the end.
  expect(parts).toBe(4)
})
