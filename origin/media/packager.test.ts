import { describe, expect, it } from 'vitest'
import { flvSampleTag } from './flv/writer.ts'
import { parseAvcConfig } from './h264/avcc.ts'
import { h264Track } from './h264/track.ts'
import { Packager } from './packager.ts'
import { Sanitiser } from './sanitiser.ts'
import {
  AVC_CONFIG_1080,
  audioEvents,
  audioTrack,
  interleave,
  packageAll,
  Recording,
  videoEvents,
  videoTrack,
} from './test-samples.ts'
import type { PartTargetMs, SegmentEntry, SourceEvent } from './types.ts'

const RATES = [10, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 50, 60]
const TARGETS: PartTargetMs[] = [210, 510]

function tracks(...list: (ReturnType<typeof videoTrack> | ReturnType<typeof audioTrack>)[]): SourceEvent[] {
  return list.map((track) => ({ type: 'track', track }))
}

/** A camera with sound. */
function show(camera: Parameters<typeof videoEvents>[0], frameRate: number | null = null): SourceEvent[] {
  const audio = audioTrack()
  return [
    ...tracks(videoTrack(frameRate), audio),
    ...interleave(videoEvents(camera), audioEvents(audio, camera.seconds)),
  ]
}

/** Every part but a segment's last, as a share of PART-TARGET. */
function shares(
  recording: Recording,
  renditionId: string,
  partTargetMs: number,
  timescale: number,
): number[] {
  const parts = recording.parts(renditionId)
  return parts
    .filter((part, i) => parts[i + 1]?.sequence === part.sequence)
    .map((part) => (part.duration * 1000) / timescale / partTargetMs)
}

describe('parts', () => {
  for (const partTargetMs of TARGETS) {
    for (const fps of RATES) {
      it(`hold 85 to 100 % of ${partTargetMs} ms at ${fps.toFixed(3)} fps, with and without a rate in the VUI`, () => {
        for (const said of [null, fps]) {
          const recording = packageAll(show({ fps, seconds: 13 }, said), { partTargetMs })
          const all = shares(recording, 'source', partTargetMs, 90_000)
          expect(all.length).toBeGreaterThan(15)
          expect(Math.min(...all)).toBeGreaterThanOrEqual(0.85)
          expect(Math.max(...recording.parts('source').map((p) => p.duration))).toBeLessThanOrEqual(
            partTargetMs * 90,
          )
        }
      })
    }

    for (const rate of [44_100, 48_000] as const) {
      it(`hold 85 to 100 % of ${partTargetMs} ms of AAC at ${rate} Hz`, () => {
        const audio = audioTrack(rate)
        const recording = packageAll([...tracks(audio), ...audioEvents(audio, 20)], { partTargetMs })
        const all = shares(recording, 'audio', partTargetMs, rate)
        expect(all.length).toBeGreaterThan(30)
        expect(Math.min(...all)).toBeGreaterThanOrEqual(0.85)
        expect(Math.max(...all)).toBeLessThanOrEqual(1)
      })
    }
  }

  it('leave with their last frame, not one frame later', () => {
    const recording = new Recording()
    const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210 }, (e) =>
      recording.events.push(e),
    )
    const sanitiser = new Sanitiser((e) => packager.push(e))
    for (const event of tracks(videoTrack())) sanitiser.push(event)
    const outAfter: number[] = []
    for (const [i, event] of videoEvents({ fps: 30, seconds: 6 }).entries()) {
      sanitiser.push(event)
      // The first second waits for a second track.
      const count = recording.parts('source').length
      if (i > 40 && count > outAfter.length) outAfter.push(...new Array(count - outAfter.length).fill(i))
    }
    const regular = outAfter.slice(8).map((frame) => (frame + 1) % 6)
    expect(regular.length).toBeGreaterThan(15)
    expect(new Set(regular)).toEqual(new Set([0]))
  })

  it('are counted through the whole rendition, and a segment is the concatenation of its own', () => {
    const recording = packageAll(show({ fps: 30, seconds: 9 }))
    const parts = recording.parts('source')
    expect(parts.map((p) => p.number)).toEqual(parts.map((_, i) => i))
    for (const event of recording.events) {
      if (event.type !== 'segment') continue
      const own = recording.parts(event.renditionId).filter((p) => p.sequence === event.entry.sequence)
      expect(event.chunks).toEqual(own.map((p) => p.data))
      expect(own.map((p) => p.index)).toEqual(own.map((_, i) => i))
      expect(event.entry.sizeBytes).toBe(own.reduce((sum, p) => sum + p.data.length, 0))
    }
  })

  it('never lasts longer than the target when a picture stands, and the segment still lasts as long as it did', () => {
    const events = videoEvents({ fps: 30, seconds: 12 }).filter((e) => {
      const at = e.type === 'sample' ? e.dtsMs : 0
      return at < 4500 || at > 5500
    })
    const recording = packageAll([...tracks(videoTrack()), ...events])
    expect(Math.max(...recording.parts('source').map((p) => p.duration))).toBeLessThanOrEqual(18_900)
    expectContinuous(recording.segments('source'))
    expect(recording.segments('source').map((s) => Math.round(s.duration / 90))).toEqual([
      2000, 2000, 2000, 2000, 2000, 2000,
    ])
  })
})

describe('segments', () => {
  it('begin with the first IDR at or after 1.8 s', () => {
    const recording = packageAll(show({ fps: 30, seconds: 13, keyEvery: 15 }))
    const segments = recording.segments('source')
    expect(segments.slice(0, -1).map((s) => Math.round(s.duration / 90))).toEqual([
      2000, 2000, 2000, 2000, 2000, 2000,
    ])
    expect(segments.every((s) => s.independent)).toBe(true)
  })

  it('are cut at 4 s without a key frame, and say that they are not independent', () => {
    const recording = packageAll(show({ fps: 30, seconds: 22, keyEvery: 250 }))
    const segments = recording.segments('source')
    expect(segments.every((s) => s.duration <= 4.5 * 90_000)).toBe(true)
    expect(segments.map((s) => s.independent)).toEqual([true, false, false, false, false, false])
    expectAligned(recording)
  })

  it('are cut at 4 s where no key frame ever comes', () => {
    const recording = packageAll(show({ fps: 25, seconds: 21, keyEvery: Number.POSITIVE_INFINITY }))
    expect(recording.segments('source').map((s) => Math.round(s.duration / 90))).toEqual([
      4000, 4000, 4000, 4000, 4000, 1000,
    ])
    expectAligned(recording)
  })

  it('begin at the first key frame when the encoder starts in mid-group', () => {
    const events = show({ fps: 30, seconds: 10 }).filter((e) => e.type === 'track' || e.dtsMs >= 500)
    const recording = packageAll(events)
    expect(recording.segments('source')[0]).toMatchObject({ sequence: 0, independent: true, gap: false })
    expectAligned(recording)
  })

  it('follow each other without a hole in their own clock', () => {
    const recording = packageAll(show({ fps: 30000 / 1001, seconds: 30, bFrames: 2 }))
    expectContinuous(recording.segments('source'))
    expectContinuous(recording.segments('audio'))
  })

  it('are numbered from the reserved block on', () => {
    const recording = packageAll(show({ fps: 30, seconds: 7 }), {
      firstSequence: 4096,
      epoch: 7,
      discontinuity: true,
    })
    expect(recording.segments('source').map((s) => s.sequence)).toEqual([4096, 4097, 4098, 4099])
    for (const id of ['source', 'audio']) {
      expect(recording.segments(id).map((s) => s.discontinuity)).toEqual([true, false, false, false])
      expect(recording.segments(id).every((s) => s.epoch === 7)).toBe(true)
    }
  })

  it('begin no earlier than the end of the previous epoch', () => {
    const recording = packageAll(show({ fps: 30, seconds: 5 }), { notBeforeMs: 1_700_000_000_000 })
    expect(recording.segments('source').map((s) => s.programTimeMs)).toEqual([
      1_700_000_000_000, 1_700_000_002_000, 1_700_000_004_000,
    ])
  })
})

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

  it('have a GAP for what never came: sound that stops and comes back', () => {
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
    const gaps = recording.segments('audio').filter((s) => s.gap)
    expect(gaps.map((s) => s.sequence)).toEqual([4, 5, 6])
    expect(gaps.every((s) => s.sizeBytes === 0)).toBe(true)
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

describe('parameters that change in mid-stream', () => {
  it('travel in band: every key frame after the change carries them', () => {
    const changed = h264Track(AVC_CONFIG_1080)
    const events = videoEvents({ fps: 30, seconds: 8 })
    const recording = packageAll([
      ...tracks(videoTrack()),
      ...events.slice(0, 120),
      { type: 'track', track: changed },
      ...events.slice(120),
    ])
    const [sps] = parseAvcConfig(AVC_CONFIG_1080).sps
    const has = (sequence: number) =>
      recording
        .parts('source')
        .filter((p) => p.sequence === sequence)
        .some((p) => Buffer.from(p.data).includes(Buffer.from(sps ?? [])))
    expect([0, 1, 2, 3].map(has)).toEqual([false, false, true, true])
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

  it('refuses a rung that was not announced', () => {
    const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210 }, () => {})
    expect(() => packager.dropRung('720p30')).toThrow(RangeError)
  })
})

/** Each segment begins where the one before ended. */
function expectContinuous(segments: SegmentEntry[]): void {
  expect(segments.length).toBeGreaterThan(1)
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1]
    if (next) expect(Math.abs(segment.dts + segment.duration - next.dts)).toBeLessThanOrEqual(1)
  }
}

/** MEDIA.md 7: equal numbers at equal program date times; audio begins with its first frame at or after the cut. */
function expectAligned(recording: Recording): void {
  const source = recording.segments('source')
  const audio = recording.segments('audio')
  expect(source.length).toBeGreaterThan(2)
  expect(audio.map((s) => s.sequence)).toEqual(source.map((s) => s.sequence))
  for (const [i, segment] of source.entries()) {
    const late = (audio[i]?.programTimeMs ?? 0) - segment.programTimeMs
    expect(late, `segment ${segment.sequence}`).toBeGreaterThanOrEqual(0)
    expect(late, `segment ${segment.sequence}`).toBeLessThanOrEqual(22)
  }
}
