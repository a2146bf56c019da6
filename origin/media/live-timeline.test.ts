import { afterEach, describe, expect, it } from 'vitest'
import { aacTrack } from './aac/config.ts'
import { LiveTimeline } from './live-timeline.ts'
import type { PackagerEvent } from './packager.ts'
import {
  audioEvents,
  audioTrack,
  fromHex,
  interleave,
  packageAll,
  videoEvents,
  videoTrack,
} from './test-samples.ts'

const TIMELINE = '01jd0000000000000000000000'
const open: LiveTimeline[] = []

afterEach(() => {
  for (const timeline of open.splice(0)) timeline.end()
})

function timeline(
  more: { windowMs?: number; maxBytes?: number; discontinuitySequence?: number } = {},
): LiveTimeline {
  const made = new LiveTimeline({ timelineId: TIMELINE, partTargetMs: 210, ...more })
  open.push(made)
  return made
}

function broadcast(seconds: number): PackagerEvent[] {
  const audio = audioTrack()
  return packageAll([
    { type: 'track', track: videoTrack() },
    { type: 'track', track: audio },
    ...interleave(videoEvents({ fps: 30, seconds }), audioEvents(audio, seconds)),
  ]).events
}

/** Two seconds of which there is nothing. */
const gap = (sequence: number, programTimeMs: number) => ({
  epoch: 1,
  sequence,
  dts: sequence * 180_000,
  duration: 180_000,
  programTimeMs,
  sizeBytes: 0,
  independent: false,
  discontinuity: false,
  gap: true,
})

const isPart = (id: string) => (e: PackagerEvent) => e.type === 'part' && e.renditionId === id

/** Applies events up to and with the first one that fits; returns the rest. */
function applyUntil(
  live: LiveTimeline,
  events: PackagerEvent[],
  fits: (e: PackagerEvent) => boolean,
): PackagerEvent[] {
  const end = events.findIndex(fits) + 1
  for (const event of events.slice(0, end)) live.apply(event)
  return events.slice(end)
}

function lines(text: string | null, tag: string): string[] {
  return (text ?? '').split('\n').filter((line) => line.startsWith(tag))
}

describe('the live window', () => {
  it('lists 60 s of segments, with parts for the last 12 s', () => {
    const live = timeline()
    for (const event of broadcast(100)) live.apply(event)
    const text = live.playlist('source', { skip: false })
    expect(lines(text, '#EXTINF')).toHaveLength(30)
    expect(lines(text, '#EXT-X-MEDIA-SEQUENCE')).toEqual(['#EXT-X-MEDIA-SEQUENCE:20'])
    expect(lines(text, '#EXT-X-PART:')).toHaveLength(60)
    expect(lines(live.playlist('audio', { skip: false }), '#EXT-X-MEDIA-SEQUENCE')).toEqual([
      '#EXT-X-MEDIA-SEQUENCE:20',
    ])
  })

  it('keeps the parts of the last 12 s exactly, of sound too, whose segments are a little shorter now and then', () => {
    const live = timeline()
    for (const event of broadcast(40)) {
      live.apply(event)
      const sound = live.snapshot('audio')?.segments ?? []
      const withParts = sound.filter(({ parts }) => parts.length > 0)
      const ticks = withParts.reduce((sum, { entry }) => sum + entry.duration, 0)
      if (withParts.length < sound.length) expect(ticks / 48_000).toBeGreaterThanOrEqual(12)
    }
  })

  it('marks every part of sound as independent, so that frames of 43 ms keep the rule of 85 % (RFC 8216bis 4.4.4.9)', () => {
    const live = timeline()
    const heAac = aacTrack(fromHex('2b118800'))
    const events = [{ type: 'track' as const, track: heAac }, ...audioEvents(heAac, 10)]
    for (const event of packageAll(events).events) live.apply(event)
    const parts = lines(live.playlist('audio', { skip: false }), '#EXT-X-PART:')
    expect(parts.length).toBeGreaterThan(20)
    // Four frames: 81 % of 0.210. A fifth would be more than the target.
    expect(parts[0]).toContain('DURATION=0.17067')
    expect(parts.filter((part) => !part.endsWith(',INDEPENDENT=YES'))).toEqual([])
  })

  it('counts the discontinuities of earlier epochs, which another process may have served', () => {
    const live = timeline({ discontinuitySequence: 1 })
    const events = [{ type: 'track' as const, track: videoTrack() }, ...videoEvents({ fps: 30, seconds: 80 })]
    const packaged = packageAll(events, { epoch: 3, discontinuity: true }).events
    const rest = applyUntil(live, packaged, (e) => e.type === 'segment')
    const discontinuity = () => lines(live.playlist('source', { skip: false }), '#EXT-X-DISCONTINUITY')
    expect(discontinuity()).toEqual(['#EXT-X-DISCONTINUITY-SEQUENCE:1', '#EXT-X-DISCONTINUITY'])
    for (const event of rest) live.apply(event)
    expect(discontinuity()).toEqual(['#EXT-X-DISCONTINUITY-SEQUENCE:2'])
  })

  it('serves what it lists: header, segments, parts; a segment is the concatenation of its parts', () => {
    const live = timeline()
    for (const event of broadcast(10)) live.apply(event)
    const at = { timelineId: TIMELINE, renditionId: 'source', epoch: 1 }
    expect(live.object({ type: 'init', ...at })?.sizeBytes).toBeGreaterThan(500)
    const segment = live.object({ type: 'segment', ...at, sequence: 1 })
    const parts = Array.from({ length: 10 }, (_, i) => live.object({ type: 'part', ...at, part: 10 + i }))
    const bytes = (object: typeof segment) =>
      object?.state === 'memory' ? Buffer.concat([...object.chunks]) : null
    expect(bytes(segment)).toEqual(Buffer.concat(parts.map((part) => bytes(part) ?? Buffer.alloc(0))))
    expect(segment?.sizeBytes).toBe(bytes(segment)?.length)
    expect(live.object({ type: 'segment', ...at, sequence: 99 })).toBeNull()
    expect(live.object({ type: 'segment', ...at, epoch: 2, sequence: 1 })).toBeNull()
    expect(live.object({ type: 'part', ...at, timelineId: TIMELINE.replace('d', 'e'), part: 10 })).toBeNull()
  })

  it('lets bytes go once they are stored and no part of them is listed', () => {
    const live = timeline()
    const all = timeline()
    for (const event of broadcast(60)) {
      all.apply(event)
      live.apply(event)
      if (event.type === 'segment') live.markStored(event.renditionId, event.epoch, event.entry.sequence)
    }
    expect(live.bytesHeld).toBeLessThan(all.bytesHeld / 4)
    const at = { timelineId: TIMELINE, renditionId: 'source', epoch: 1 }
    expect(live.object({ type: 'segment', ...at, sequence: 3 })).toMatchObject({ state: 'stored' })
    expect(live.object({ type: 'segment', ...at, sequence: 28 })).toMatchObject({ state: 'memory' })
    expect(live.playlist('source', { skip: false })).toBe(all.playlist('source', { skip: false }))
  })

  it('keeps to its bound of bytes when nothing gets stored', () => {
    const live = timeline({ maxBytes: 200_000 })
    for (const event of broadcast(60)) {
      live.apply(event)
      expect(live.bytesHeld).toBeLessThanOrEqual(200_000)
    }
  })

  it('has the newest key frame for thumbnails', () => {
    const live = timeline()
    for (const event of broadcast(10)) live.apply(event)
    expect(live.latestKeyFrame('source')?.chunks.length).toBeGreaterThan(0)
    expect(live.latestKeyFrame('nothing')).toBeNull()
  })
})

describe('the master', () => {
  it('is withheld until every declared rendition has a part', async () => {
    const live = timeline()
    live.declare(['source', 'audio', '360p30'], 1000)
    const waiting = live.waitForMaster()
    for (const event of broadcast(3)) live.apply(event)
    expect(live.master(1500)).toBeNull()
    live.apply({
      type: 'rendition',
      epoch: 1,
      rendition: {
        id: '360p30',
        kind: 'video',
        codecs: 'avc1.4d401e',
        timescale: 90_000,
        width: 640,
        height: 360,
        frameRate: 30,
      },
      init: new Uint8Array(1),
    })
    const part = {
      number: 0,
      sequence: 0,
      index: 0,
      dts: 0,
      duration: 18_000,
      independent: true,
      data: new Uint8Array(9),
    }
    const segment = { programTimeMs: 0, discontinuity: false }
    live.apply({ type: 'part', epoch: 1, renditionId: '360p30', part, segment })
    expect(await waiting).toBe('ready')
    expect(lines(live.master(1600), '#EXT-X-STREAM-INF')).toHaveLength(2)
    expect(live.renditions.map((r) => r.id)).toEqual(['source', '360p30', 'audio'])
  })

  it('is withheld until the frame rate was measured, where no encoder told it', async () => {
    const live = timeline()
    live.declare(['source', 'audio'], 1000)
    const waiting = live.waitForMaster()
    const rest = applyUntil(live, applyUntil(live, broadcast(3), isPart('audio')), isPart('source'))
    expect(live.playlist('audio', { skip: false })).not.toBeNull()
    expect(live.playlist('source', { skip: false })).not.toBeNull()
    expect(live.master(1100)).toBeNull()
    applyUntil(live, rest, (e) => e.type === 'rendition')
    expect(await waiting).toBe('ready')
    expect(live.master(1100)).toContain('FRAME-RATE=30.000')
  })

  it('is withheld for 3 s at most', () => {
    const live = timeline()
    live.declare(['source', 'audio', '360p30'], 1000)
    for (const event of broadcast(3)) live.apply(event)
    expect(live.master(3999)).toBeNull()
    expect(lines(live.master(4000), '#EXT-X-STREAM-INF')).toHaveLength(1)
  })

  it('does not exist before there is media', () => {
    const live = timeline()
    live.declare(['source'], 0)
    expect(live.master(10_000)).toBeNull()
  })
})

describe('a blocking reload', () => {
  it('is answered when the part is there, not before', async () => {
    const live = timeline()
    const rest = applyUntil(live, broadcast(6), isPart('source'))
    let answered = false
    const waiting = live.waitFor('source', 0, 1).then((outcome) => {
      answered = true
      return outcome
    })
    await Promise.resolve()
    expect(answered).toBe(false)
    applyUntil(live, rest, isPart('source'))
    expect(await waiting).toBe('ready')
    expect(live.playlist('source', { skip: false })).toContain('/p1.m4s"\n')
  })

  it('for a part past the end of its segment is answered with part 0 of the next', async () => {
    const live = timeline()
    const rest = applyUntil(live, broadcast(6), (e) => e.type === 'segment' && e.renditionId === 'source')
    const waiting = live.waitFor('source', 0, 12)
    const whole = live.waitFor('source', 0, null)
    expect(await whole).toBe('ready')
    applyUntil(live, rest, isPart('source'))
    expect(await waiting).toBe('ready')
    expect(live.playlist('source', { skip: false })).toContain('/p10.m4s",INDEPENDENT')
  })

  it('too far ahead is refused at once', async () => {
    const live = timeline()
    applyUntil(live, broadcast(6), (e) => e.type === 'segment' && e.renditionId === 'source')
    const soon = { timeoutMs: 1 }
    expect(await live.waitFor('source', 3, 0)).toBe('too-far')
    expect(await live.waitFor('source', 2, 0, soon)).toBe('timeout')
    // Fifteen parts last three seconds: the advance part limit, from the last one that is listed.
    expect(await live.waitFor('source', 1, 15)).toBe('too-far')
    expect(await live.waitFor('source', 1, 14, soon)).toBe('timeout')
    expect(await live.waitFor('source', 2, 16)).toBe('too-far')
    expect(await live.waitFor('source', 2, 15, soon)).toBe('timeout')
    expect(await live.waitFor('240p', 1, 0)).toBe('unknown-rendition')
    expect(await live.waitForPart('source', 1, 99)).toBe('too-far')
  })

  it('has a deadline, can be called off, and ends with the stream', async () => {
    const live = timeline()
    applyUntil(live, broadcast(6), isPart('source'))
    expect(await live.waitFor('source', 0, 5, { timeoutMs: 5 })).toBe('timeout')
    const abort = new AbortController()
    const called = live.waitFor('source', 0, 5, { signal: abort.signal })
    abort.abort()
    expect(await called).toBe('aborted')
    const last = live.waitFor('source', 0, 5)
    const hinted = live.waitForPart('source', 1, 1)
    live.end()
    expect(await last).toBe('ended')
    expect(await hinted).toBe('ended')
    expect(await live.waitFor('source', 0, 5)).toBe('ended')
    expect(live.playlist('source', { skip: false })).toContain('#EXT-X-ENDLIST')
  })

  it('for a hinted part is answered with that part', async () => {
    const live = timeline()
    const rest = applyUntil(live, broadcast(6), isPart('source'))
    const waiting = live.waitForPart('source', 1, 1)
    applyUntil(live, rest, isPart('source'))
    expect(await waiting).toBe('ready')
    const path = { type: 'part', timelineId: TIMELINE, renditionId: 'source', epoch: 1, part: 1 } as const
    expect(live.object(path)).toMatchObject({ state: 'memory' })
  })

  it('for a hinted part that never came is answered when it is listed as a gap', async () => {
    const live = timeline()
    const rest = applyUntil(live, broadcast(6), isPart('source'))
    const waiting = live.waitForPart('source', 1, 1)
    const next = rest.find(isPart('source'))
    if (next?.type !== 'part') throw new Error('no part')
    live.apply({ ...next, part: { ...next.part, data: new Uint8Array(), gap: true } })
    expect(await waiting).toBe('ready')
    const path = { type: 'part', timelineId: TIMELINE, renditionId: 'source', epoch: 1, part: 1 } as const
    expect(live.object(path)).toBeNull()
    expect(live.playlist('source', { skip: false })).toContain('p1.m4s",GAP=YES')
  })

  it('for a part that another epoch will not send is answered when that one goes on', async () => {
    const live = timeline()
    applyUntil(live, broadcast(6), isPart('source'))
    const hinted = live.waitForPart('source', 1, 1)
    live.restore('source', [gap(1, 2000)], 2)
    expect(await hinted).toBe('ready')
    expect(
      live.object({ type: 'part', timelineId: TIMELINE, renditionId: 'source', epoch: 1, part: 1 }),
    ).toBeNull()
  })

  it('is called off, and told of no end, when another node goes on with the broadcast', async () => {
    const live = timeline()
    applyUntil(live, broadcast(6), isPart('source'))
    const [next, hinted, master] = [
      live.waitFor('source', 0, 5),
      live.waitForPart('source', 1, 1),
      timeline().waitForMaster({ timeoutMs: 1 }),
    ]
    live.leave()
    expect(await Promise.all([next, hinted, master])).toEqual(['aborted', 'aborted', 'timeout'])
    expect(live.playlist('source', { skip: false })).not.toContain('#EXT-X-ENDLIST')
  })
})

describe('while nobody publishes', () => {
  it('a gap is listed at the end of each rendition, and answers who waits for its number', async () => {
    const live = timeline()
    for (const event of broadcast(6)) live.apply(event)
    const { entries } = live.listed.renditions[0] ?? { entries: [] }
    const last = entries.at(-1)
    const waiting = live.waitFor('source', (last?.sequence ?? 0) + 1, null)
    live.appendGaps('source', [gap((last?.sequence ?? 0) + 1, 6000)])
    expect(await waiting).toBe('ready')
    expect(live.playlist('source', { skip: false })).toMatch(
      /#EXT-X-GAP\n#EXTINF:2.00000,\n[^\n]*\n#EXT-X-PRELOAD-HINT/,
    )
    expect(live.listed.renditions[0]?.entries.at(-1)?.gap).toBe(true)
    expect(live.slots).toEqual(['source', 'audio'])
  })
})
