import { describe, expect, it } from 'vitest'
import { h264Track } from './h264/track.ts'
import { Packager } from './packager.ts'
import { Sanitiser } from './sanitiser.ts'
import {
  AVC_CONFIG_1080,
  audioEvents,
  audioTrack,
  expectAligned,
  expectContinuous,
  packageAll,
  Recording,
  show,
  tracks,
  videoEvents,
  videoTrack,
} from './test-samples.ts'
import type { PartTargetMs } from './types.ts'

const RATES = [10, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 50, 60]
const TARGETS: PartTargetMs[] = [210, 510]

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

describe('parameters that change in mid-stream', () => {
  it('are a new header from the next key frame on, in every rendition', () => {
    const changed = h264Track(AVC_CONFIG_1080)
    const events = videoEvents({ fps: 30, seconds: 8 })
    const recording = packageAll(
      [
        ...tracks(videoTrack()),
        ...events.slice(0, 120),
        { type: 'track', track: changed },
        ...events.slice(120),
      ],
      { alwaysAudio: true },
    )
    for (const id of ['source', 'audio']) {
      const segments = recording.segments(id)
      expect(segments.map((s) => s.header)).toEqual([undefined, undefined, 2, 2])
      expect(segments.map((s) => s.discontinuity)).toEqual([false, false, true, false])
    }
    const told = recording.events.findLast((e) => e.type === 'rendition' && e.rendition.id === 'source')
    expect(told).toMatchObject({ header: 2, rendition: { width: 1920, height: 1080, codecs: 'avc1.640028' } })
  })
})
