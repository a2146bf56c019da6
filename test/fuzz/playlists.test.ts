import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aacTrack } from '../../origin/media/aac/config.ts'
import { LiveTimeline } from '../../origin/media/live-timeline.ts'
import { Packager, type PackagerEvent } from '../../origin/media/packager.ts'
import { Sanitiser } from '../../origin/media/sanitiser.ts'
import { audioEvents, fromHex, interleave, videoEvents, videoTrack } from '../../origin/media/test-samples.ts'
import type { SegmentEntry, SourceEvent } from '../../origin/media/types.ts'
import { createLinter, describeViolation, type Linter } from '../support/hls-linter/linter.ts'

// Whatever packagers make of whatever encoders do, the playlists keep RFC 8216bis over all their reloads.

/** The same broadcasts in every run; new ones, and more, in the long one. */
const RUN = process.env.LONG === '1' ? { numRuns: 300 } : { numRuns: 25, seed: 8216 }
const TIMELINE = '01jd0000000000000000000000'
const BASE = `https://edge.example.org/p/token/live/${TIMELINE}/`
const RUNG = '360p'
const AUDIO = {
  'AAC at 48 kHz': '1188',
  'AAC at 44.1 kHz': '1210',
  'HE-AAC at 48 kHz': '2b118800',
  'AAC at 24 kHz': '1310',
}

/** An encoder's session: its epoch of the broadcast. */
const session = fc.record({
  fps: fc.constantFrom(10, 15, 24, 25, 30, 50, 60, 24_000 / 1001, 30_000 / 1001, 60_000 / 1001),
  seconds: fc.integer({ min: 1, max: 40 }),
  /** Seconds between key frames. */
  key: fc.constantFrom(0.5, 1, 2, 3.3, 8, 100),
  bFrames: fc.constantFrom(0, 0, 2),
  told: fc.boolean(),
  startMs: fc.nat(2 ** 31),
  /** Nothing comes of a track for a while: from, until, in tenths of its time. */
  silent: fc.option(fc.tuple(fc.constantFrom('video', 'audio'), fc.integer({ min: 1, max: 9 }), fc.nat(9))),
  /** The rung's encoder dies and comes again, in tenths. */
  rung: fc.option(fc.tuple(fc.nat(9), fc.nat(9))),
  /** Seconds until the next session. */
  pause: fc.integer({ min: 0, max: 20 }),
})

const broadcast = fc.record({
  sessions: fc.array(session, { minLength: 1, maxLength: 3 }),
  partTargetMs: fc.constantFrom(210 as const, 510 as const),
  sound: fc.constantFrom(...Object.values(AUDIO)),
  /** A client looks at each n-th change. */
  every: fc.integer({ min: 1, max: 12 }),
})

type Session = typeof session extends fc.Arbitrary<infer T> ? T : never
type Broadcast = typeof broadcast extends fc.Arbitrary<infer T> ? T : never

test('the linter finds nothing in the playlists of any broadcast', () => {
  let deltas = 0
  fc.assert(
    fc.property(broadcast, (made) => {
      const linter = createLinter({ slackMs: 0 })
      run(made, (timeline, atMs) => look(timeline, linter, atMs))
      deltas += linter.seen.deltas
      // A picture that stands, or whose encoder died, can't be cut into parts: they are short, and too few, and a rung's
      // last one ends before the cut.
      const stands = made.sessions.some(({ silent, rung }) => silent?.[0] === 'video' || rung)
      const excused = stands ? ['part-short', 'parts-sum', 'time-hole'] : []
      const found = linter.violations.filter(({ rule }) => !excused.includes(rule))
      expect(found.slice(0, 3).map(describeViolation)).toEqual([])
    }),
    RUN,
  )
  expect(deltas).toBeGreaterThan(RUN.numRuns)
}, 600_000)

test.each<[name: string, rule: string, distort: (event: PackagerEvent) => PackagerEvent]>([
  ['a part of another duration', 'part-long', onPart((part) => ({ ...part, duration: part.duration * 2 }))],
  ['a part’s number twice', 'uri-reused', onPart((part) => ({ ...part, number: part.number >> 1 }))],
  [
    'a segment that begins elsewhere',
    'time-hole',
    onSegment((s) => ({ ...s, programTimeMs: s.programTimeMs + (s.sequence % 2) * 50 })),
  ],
  [
    'a segment that says less than it lasts',
    'parts-sum',
    onSegment((s) => ({ ...s, duration: s.duration * 0.9 })),
  ],
  [
    'an epoch that comes back',
    'segment-changed',
    onSegment((s) => ({ ...s, epoch: s.sequence === 3 ? 7 : s.epoch })),
  ],
])('the property sees %s', (_, rule, distort) => {
  const linter = createLinter({ slackMs: 0 })
  const calm: Session = {
    fps: 30,
    seconds: 20,
    key: 2,
    bFrames: 0,
    told: true,
    startMs: 0,
    silent: null,
    rung: null,
    pause: 0,
  }
  run(
    { sessions: [calm], partTargetMs: 210, sound: AUDIO['AAC at 48 kHz'], every: 1 },
    (timeline, atMs) => look(timeline, linter, atMs),
    distort,
  )
  expect(linter.violations.map((violation) => violation.rule)).toContain(rule)
})

function onPart(change: (part: Extract<PackagerEvent, { type: 'part' }>['part']) => typeof part) {
  return (event: PackagerEvent) => (event.type === 'part' ? { ...event, part: change(event.part) } : event)
}

function onSegment(change: (entry: SegmentEntry) => SegmentEntry) {
  return (event: PackagerEvent) =>
    event.type === 'segment' ? { ...event, entry: change(event.entry) } : event
}

/** A broadcast as an ingest node runs it: a packager for each session, all into one timeline. */
function run(
  { sessions, partTargetMs, sound, every }: Broadcast,
  onChange: (timeline: LiveTimeline, atMs: number) => void,
  distort: (event: PackagerEvent) => PackagerEvent = (event) => event,
): void {
  const timeline = new LiveTimeline({ timelineId: TIMELINE, partTargetMs })
  let [sequence, endMs, nowMs, changes] = [0, 0, Date.UTC(2026, 10, 22), 0]
  timeline.declare(['source', RUNG, 'audio'], nowMs)
  for (const [i, made] of sessions.entries()) {
    const take = (event: PackagerEvent) => {
      const taken = distort(event)
      timeline.apply(taken)
      if (taken.type === 'segment') {
        const { timescale = 1 } = timeline.renditions.find(({ id }) => id === taken.renditionId) ?? {}
        endMs = Math.max(endMs, taken.entry.programTimeMs + (taken.entry.duration * 1000) / timescale)
      }
      if (++changes % every === 0) onChange(timeline, nowMs)
    }
    const packager = new Packager(
      {
        epoch: i + 1,
        firstSequence: sequence,
        partTargetMs,
        rungs: [RUNG],
        discontinuity: i > 0,
        notBeforeMs: Math.ceil(endMs),
        alwaysAudio: true,
      },
      take,
    )
    const startMs = nowMs
    feed(packager, made, sound, (arrivedAtMs) => {
      nowMs = startMs + arrivedAtMs
      return nowMs
    })
    sequence = packager.nextSequence
    nowMs += made.pause * 1000
  }
  timeline.end()
  onChange(timeline, nowMs)
}

/** All that an encoder and the ladder's send, in order. */
function feed(
  packager: Packager,
  made: Session,
  sound: string,
  clock: (arrivedAtMs: number) => number,
): void {
  const track = aacTrack(fromHex(sound))
  const picture = videoTrack(made.told ? made.fps : null)
  const { fps, seconds, bFrames, startMs } = made
  const camera = { fps, seconds, bFrames, startMs, keyEvery: Math.max(1, Math.round(fps * made.key)) }
  const [silent, fromTenth = 0, untilTenth = 0] = made.silent ?? []
  const isSilent = (event: SourceEvent) =>
    event.type === 'sample' &&
    event.kind === silent &&
    inTenths(event.arrivedAtMs, seconds, fromTenth, untilTenth)
  const events = interleave(videoEvents(camera), audioEvents(track, seconds, startMs)).filter(
    (e) => !isSilent(e),
  )
  let delay: number | null = null
  const sanitiser = new Sanitiser((event) => {
    packager.push(event)
    if (event.type === 'tracks' && event.video) packager.pushRung(RUNG, { type: 'track', track: event.video })
    if (event.type !== 'sample' || event.kind !== 'video') return
    const { sample, arrivedAtMs } = event
    const lost = made.rung && inTenths(arrivedAtMs - clock(0), seconds, ...made.rung)
    if (lost) packager.dropRung(RUNG)
    else {
      // The ladder's encoder gets pictures in the order in which they are shown, and keeps it.
      delay ??= sample.pts - sample.dts
      const shownMs = Math.round((sample.dts + delay) / 90)
      packager.pushRung(RUNG, {
        type: 'sample',
        kind: 'video',
        dtsMs: shownMs,
        ptsMs: shownMs,
        data: sample.data,
        arrivedAtMs,
      })
    }
  })
  for (const event of [{ type: 'track', track: picture } as const, { type: 'track', track } as const])
    sanitiser.push(event)
  for (const event of events) {
    if (event.type === 'sample') sanitiser.push({ ...event, arrivedAtMs: clock(event.arrivedAtMs) })
  }
  sanitiser.finish()
  packager.finish()
}

function inTenths(atMs: number, seconds: number, from: number, until: number): boolean {
  const tenth = Math.floor(atMs / (seconds * 100))
  return tenth >= from && tenth < until
}

/** What a client gets of all renditions: what there is, and as a delta update. */
function look(timeline: LiveTimeline, linter: Linter, atMs: number): void {
  const master = timeline.master(atMs)
  if (master === null) return
  linter.see({ url: `${BASE}master.m3u8`, text: master, atMs })
  for (const { id } of timeline.renditions) {
    for (const skip of [false, true]) {
      const text = timeline.playlist(id, { skip })
      if (text !== null) linter.see({ url: `${BASE}${id}.m3u8${skip ? '?_HLS_skip=YES' : ''}`, text, atMs })
    }
  }
}
