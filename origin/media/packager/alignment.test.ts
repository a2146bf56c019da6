import { describe, expect, it } from 'vitest'
import { flvSampleTag } from '../flv/writer.ts'
import { buildAvcConfig, parseAvcConfig } from '../h264/avcc.ts'
import { h264Track } from '../h264/track.ts'
import { Packager } from '../packager.ts'
import { Sanitiser } from '../sanitiser.ts'
import {
  AVC_CONFIG,
  AVC_CONFIG_1080,
  audioEvents,
  audioTrack,
  expectAligned,
  expectContinuous,
  interleave,
  packageAll,
  Recording,
  show,
  tracks,
  videoEvents,
  videoTrack,
} from '../test-samples.ts'
import type { SourceEvent } from '../types.ts'

describe('renditions', () => {
  for (const bFrames of [0, 2]) {
    it(`are aligned: equal numbers at equal times (${bFrames} B-frames)`, () => {
      expectAligned(packageAll(show({ fps: 30, seconds: 20, bFrames })))
    })
  }

  it('are aligned when sound comes late, and when it comes early', () => {
    const audio = audioTrack()
    for (const skewMs of [-700, 700]) {
      const sound = audioEvents(audio, 20).map((e) =>
        e.type === 'sample' ? { ...e, arrivedAtMs: e.arrivedAtMs + skewMs } : e,
      )
      expectAligned(
        packageAll([
          ...tracks(videoTrack(), audio),
          ...interleave(videoEvents({ fps: 30, seconds: 20 }), sound),
        ]),
      )
    }
  })

  it('have sound from the first to the last segment where a broadcast must', () => {
    const recording = packageAll([...tracks(videoTrack()), ...videoEvents({ fps: 30, seconds: 10 })], {
      alwaysAudio: true,
    })
    expectAligned(recording)
    const ticks = recording.segments('audio').reduce((sum, s) => sum + s.duration, 0)
    expect(Math.abs(ticks / 48 - 10_000)).toBeLessThan(22)
  })

  it('need no sound', () => {
    const recording = packageAll([...tracks(videoTrack()), ...videoEvents({ fps: 30, seconds: 10 })])
    expect(recording.segments('source')).toHaveLength(5)
    expect(recording.segments('audio')).toHaveLength(0)
  })

  it('need no picture: segments of about 2 s', () => {
    const audio = audioTrack()
    const recording = packageAll([...tracks(audio), ...audioEvents(audio, 20)])
    const durations = recording.segments('audio').slice(0, -1)
    expect(durations.length).toBeGreaterThan(8)
    for (const { duration } of durations) expect(Math.abs(duration / 48 - 1800)).toBeLessThan(25)
    expectContinuous(recording.segments('audio'))
  })

  it('have silence for what never came: sound that stops and comes back', () => {
    const audio = audioTrack()
    const sound = audioEvents(audio, 30).filter(
      (e) => e.type === 'sample' && (e.dtsMs < 7000 || e.dtsMs > 15_000),
    )
    const recording = packageAll([
      ...tracks(videoTrack(), audio),
      ...interleave(videoEvents({ fps: 30, seconds: 30 }), sound),
    ])
    expect(recording.segments('audio').map((s) => s.sequence)).toEqual(
      recording.segments('source').map((s) => s.sequence),
    )
    expect(recording.segments('audio').some((s) => s.gap)).toBe(false)
    expectAligned(recording)
    const parts = recording.parts('audio')
    for (const [i, part] of parts.entries()) {
      const before = parts[i - 1]
      const hole = before ? part.dts - before.dts - before.duration : 0
      expect(hole, `before part ${i}`).toBeLessThan(1024)
      expect(hole, `before part ${i}`).toBeGreaterThanOrEqual(0)
    }
  })

  it('go on after a new header when sound alone changes its format', () => {
    const [first, other] = [audioTrack(), audioTrack(44_100)]
    const recording = packageAll([
      ...tracks(first),
      ...audioEvents(first, 5),
      ...tracks(other),
      ...audioEvents(other, 5, 0, 5000),
    ])
    const segments = recording.segments('audio')
    expect(segments.filter((s) => s.discontinuity)).toMatchObject([{ header: segments[3]?.sequence }])
    expectContinuous(segments.slice(0, 3))
    expectContinuous(segments.slice(3))
    const ticks = segments.reduce((sum, s) => sum + s.duration, 0)
    expect(Math.abs(ticks / 48 - 10_000)).toBeLessThan(50)
  })

  it('have a GAP for what never came: a picture that stops while sound goes on', () => {
    const audio = audioTrack()
    const picture = videoEvents({ fps: 30, seconds: 40 }).filter(
      (e) => e.type === 'sample' && (e.dtsMs < 7000 || e.dtsMs > 25_000),
    )
    const recording = packageAll([
      ...tracks(videoTrack(), audio),
      ...interleave(picture, audioEvents(audio, 40)),
    ])
    const source = recording.segments('source')
    expect(source.some((s) => s.gap)).toBe(true)
    expect(source.every((s) => s.duration <= 4.5 * 90_000)).toBe(true)
    expect(recording.segments('audio').map((s) => s.sequence)).toEqual(source.map((s) => s.sequence))
    expect(recording.segments('audio').every((s) => !s.gap)).toBe(true)
  })

  it('close their last part and segment at the end of the stream', () => {
    const recording = packageAll(show({ fps: 30, seconds: 5.1 }))
    const last = recording.segments('source').at(-1)
    expect(last).toMatchObject({ sequence: 2 })
    const total = recording.segments('source').reduce((sum, s) => sum + s.duration, 0)
    expect(Math.round(total / 90)).toBe(5100)
    const audioTicks = recording.segments('audio').reduce((sum, s) => sum + s.duration, 0)
    expect(audioTicks).toBe(Math.floor(5100 / (1024 / 48)) * 1024)
  })

  it('tell the measured frame rate where the VUI says something else', () => {
    const recording = packageAll(show({ fps: 25, seconds: 5 }, 60))
    const told = recording.events.flatMap((e) =>
      e.type === 'rendition' && e.rendition.id === 'source' ? [e.rendition] : [],
    )
    expect(told.map((r) => r.frameRate)).toEqual([60, 25])
  })
})

describe('a ladder', () => {
  /** Feeds an encoder without B-frames that answers nine frames later; the rung gets what `rungGets` says. */
  function run(rungGets: (atMs: number) => boolean, dropAtMs = Number.POSITIVE_INFINITY) {
    const recording = new Recording()
    const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210, rungs: ['180p30'] }, (e) =>
      recording.events.push(e),
    )
    const encoding: SourceEvent[] = []
    let dropped = false
    const sanitiser = new Sanitiser((e) => {
      packager.push(e)
      if (e.type === 'tracks') packager.pushRung('180p30', { type: 'track', track: videoTrack(30) })
      if (e.type !== 'sample' || e.kind !== 'video') return
      const [header] = flvSampleTag(videoTrack(), e.sample)
      const dtsMs = (header[4] ?? 0) * 65_536 + (header[5] ?? 0) * 256 + (header[6] ?? 0)
      if (!dropped && dtsMs >= dropAtMs) {
        dropped = true
        packager.dropRung('180p30')
      }
      if (!rungGets(dtsMs)) return
      const answer = { ptsMs: dtsMs, dtsMs, data: e.sample.data, arrivedAtMs: e.arrivedAtMs }
      encoding.push({ type: 'sample', kind: 'video', ...answer })
      if (encoding.length > 9) for (const out of encoding.splice(0, 1)) packager.pushRung('180p30', out)
    })
    for (const event of show({ fps: 30000 / 1001, seconds: 30 })) sanitiser.push(event)
    for (const out of encoding) packager.pushRung('180p30', out)
    sanitiser.finish()
    packager.finish()
    return recording
  }

  it('is cut where the source is cut, at exactly equal times', () => {
    const recording = run(() => true)
    const rung = recording.segments('180p30')
    const source = recording.segments('source')
    expect(rung.map((s) => [s.sequence, s.dts, s.programTimeMs, s.independent])).toEqual(
      source.map((s) => [s.sequence, s.dts, s.programTimeMs, s.independent]),
    )
    expect(rung.some((s) => s.gap)).toBe(false)
  })

  it('has GAP for what came before a rung that starts late, and joins at a cut', () => {
    const recording = run((atMs) => atMs >= 5000)
    const rung = recording.segments('180p30')
    expect(rung.map((s) => s.sequence)).toEqual(recording.segments('source').map((s) => s.sequence))
    expect(rung.map((s) => s.gap)).toEqual(rung.map((s) => s.sequence < 3))
  })

  it.each<[string, (atMs: number) => boolean, number?]>([
    ['its encoder dies', (atMs) => atMs < 8_800 || atMs > 9_500, 8_800],
    ['its input is dropped up to a key frame', (atMs) => atMs < 8_800 || atMs >= 10_000],
    ['its input is dropped within a segment', (atMs) => atMs < 8_800 || atMs >= 9_200],
  ])('lists gaps for what is missing of a segment when %s, and no frames after it', (_, gets, dropAtMs) => {
    const recording = run(gets, dropAtMs)
    const rung = recording.segments('180p30')
    expect(rung.map((s) => [s.sequence, s.dts])).toEqual(
      recording.segments('source').map((s) => [s.sequence, s.dts]),
    )
    for (const { sequence, duration } of rung) {
      const parts = recording.parts('180p30').filter((part) => part.sequence === sequence)
      const sum = parts.reduce((all, part) => all + part.duration, 0)
      expect(Math.abs(sum - duration)).toBeLessThanOrEqual(3003)
      const firstGap = parts.findIndex((part) => part.gap)
      expect(firstGap >= 0).toBe(sequence === 4)
      if (firstGap < 0) continue
      expect(parts.slice(firstGap).every((part) => part.gap && part.data.length === 0)).toBe(true)
      expect(parts.map((part) => part.index)).toEqual(parts.map((_part, index) => index))
      const lastMs = (parts[firstGap]?.dts ?? 0) / 90
      expect(lastMs).toBeGreaterThan(8_300)
      expect(lastMs).toBeLessThanOrEqual(8_800 + 34)
    }
    expect(rung.some((s) => s.gap)).toBe(false)
  })

  it('has the times of the source where its last two frames are missing', () => {
    const recording = run((atMs) => atMs < 9_930 || atMs >= 10_500)
    const times = (id: string) => recording.segments(id).map((s) => [s.sequence, s.dts, s.duration])
    expect(times('180p30')).toEqual(times('source'))
    expect(recording.segments('180p30').filter((s) => s.gap)).toMatchObject([{ sequence: 5 }])
    expect(recording.parts('180p30').filter((part) => part.gap)).toMatchObject([{ sequence: 4 }])
  })

  it('has GAP while its encoder is gone, at the pace of the source, and joins again', () => {
    const recording = run((atMs) => atMs < 9000 || atMs > 17_000, 9000)
    const rung = recording.segments('180p30')
    expect(rung.map((s) => s.sequence)).toEqual(recording.segments('source').map((s) => s.sequence))
    const gaps = rung.filter((s) => s.gap).map((s) => s.sequence)
    expect(gaps).toEqual([5, 6, 7, 8])
    const told = (id: string, sequence: number) =>
      recording.events.findIndex(
        (e) => e.type === 'segment' && e.renditionId === id && e.entry.sequence === sequence,
      )
    for (const sequence of [5, 6, 7]) {
      expect(told('180p30', sequence)).toBeLessThan(told('source', sequence + 1))
    }
    expect(rung.filter((s) => !s.gap && s.sequence !== 4).every((s) => s.independent)).toBe(true)
  })

  it('has GAP when a rung falls silent without a word', () => {
    const recording = run((atMs) => atMs < 9000)
    const rung = recording.segments('180p30')
    expect(rung.map((s) => s.sequence)).toEqual(recording.segments('source').map((s) => s.sequence))
    expect(rung.filter((s) => s.gap).length).toBeGreaterThan(8)
  })

  it('turns with the source, whose parameters change: a new header at the same number', () => {
    const recording = new Recording()
    const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210, rungs: ['180p30'] }, (e) =>
      recording.events.push(e),
    )
    const sanitiser = new Sanitiser((e) => {
      packager.push(e)
      if (e.type === 'tracks') packager.pushRung('180p30', { type: 'track', track: videoTrack(30) })
      if (e.type !== 'sample' || e.kind !== 'video') return
      const dtsMs = Math.round(e.sample.dts / 90)
      const answer = { ptsMs: dtsMs, dtsMs, data: e.sample.data, arrivedAtMs: e.arrivedAtMs }
      packager.pushRung('180p30', { type: 'sample', kind: 'video', ...answer })
    })
    const events = show({ fps: 30, seconds: 12, keyEvery: 30 })
    const change = events.findIndex((e) => e.type === 'sample' && e.arrivedAtMs >= 5000)
    for (const event of events.slice(0, change)) sanitiser.push(event)
    sanitiser.push({ type: 'track', track: h264Track(AVC_CONFIG_1080) })
    for (const event of events.slice(change)) sanitiser.push(event)
    sanitiser.finish()
    packager.finish()
    const shape = (id: string) =>
      recording.segments(id).map((s) => [s.sequence, s.header, s.discontinuity, s.gap])
    expect(shape('180p30')).toEqual(shape('source'))
    expect(shape('audio')).toEqual(shape('source'))
    expect(recording.segments('180p30').map((s) => s.dts)).toEqual(
      recording.segments('source').map((s) => s.dts),
    )
    expect(recording.segments('source').filter((s) => s.discontinuity)).toMatchObject([
      { sequence: 3, header: 3, independent: true },
    ])
  })

  it('turns to the newest parameters, when they change again before the key frame', () => {
    const [first, other] = [parseAvcConfig(AVC_CONFIG_1080), parseAvcConfig(AVC_CONFIG)]
    const again = h264Track(buildAvcConfig({ ...first, pps: [...first.pps, ...other.pps] }))
    const events = videoEvents({ fps: 30, seconds: 8, keyEvery: 60 })
    const recording = packageAll([
      ...tracks(videoTrack()),
      ...events.slice(0, 90),
      ...tracks(h264Track(AVC_CONFIG_1080)),
      ...events.slice(90, 100),
      ...tracks(again),
      ...events.slice(100),
    ])
    const [header] = recording.segments('source').flatMap((s) => s.header ?? [])
    expect(Buffer.from(recording.file('source', header)).includes(Buffer.from(again.config))).toBe(true)
  })

  it('refuses a rung that was not announced', () => {
    const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210 }, () => {})
    expect(() => packager.dropRung('720p30')).toThrow(RangeError)
  })
})
