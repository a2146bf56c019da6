import { describe, expect, it } from 'vitest'
import { parseAvcConfig } from './h264/avcc.ts'
import { h264Track } from './h264/track.ts'
import type { SanitisedEvent } from './sanitiser.ts'
import {
  AVC_CONFIG,
  AVC_CONFIG_1080,
  accessUnit,
  audioEvents,
  audioTrack,
  interleave,
  nal,
  sanitise,
  tracks,
  videoEvents,
  videoTrack,
} from './test-samples.ts'
import type { SourceEvent } from './types.ts'

function samplesOf(events: SanitisedEvent[], kind: 'video' | 'audio') {
  return events.flatMap((e) => (e.type === 'sample' && e.kind === kind ? [e.sample] : []))
}

function warnings(events: SanitisedEvent[]): string[] {
  return events.flatMap((e) => (e.type === 'warning' ? [e.code] : []))
}

/** Replaces the stamps by what a 32-bit clock says that starts at `start`. */
function shifted(events: SourceEvent[], start: number): SourceEvent[] {
  return events.map((e) => {
    if (e.type === 'track') return e
    const dtsMs = (e.dtsMs + start) % 2 ** 32
    return { ...e, dtsMs, ptsMs: dtsMs + e.ptsMs - e.dtsMs }
  })
}

const audio = audioTrack()

function delayed(event: SourceEvent): SourceEvent {
  return event.type === 'sample' ? { ...event, arrivedAtMs: event.arrivedAtMs + 1500 } : event
}

function show(seconds = 5): SourceEvent[] {
  return interleave(videoEvents({ fps: 30, seconds }), audioEvents(audio, seconds))
}

describe('the sanitiser', () => {
  it('gives the same times whatever number the encoder starts at, over the 32-bit wrap too', () => {
    const plain = sanitise([...tracks(videoTrack(), audio), ...show()])
    for (const start of [1, 900_000_000, 2 ** 32 - 2345]) {
      const moved = sanitise([...tracks(videoTrack(), audio), ...shifted(show(), start)])
      expect(moved).toEqual(plain)
    }
    expect(samplesOf(plain, 'video')[0]?.dts).toBe(0)
    expect(warnings(plain)).toEqual([])
  })

  it('counts audio in samples and video in frames', () => {
    const events = sanitise([...tracks(videoTrack(30), audio), ...show()])
    expect(samplesOf(events, 'audio').map((s) => s.dts)).toEqual(
      samplesOf(events, 'audio').map((_, i) => i * 1024),
    )
    expect(samplesOf(events, 'video').map((s) => s.dts)).toEqual(
      samplesOf(events, 'video').map((_, i) => i * 3000),
    )
  })

  it('gives composition offsets in whole frames', () => {
    const events = sanitise([...tracks(videoTrack(30)), ...videoEvents({ fps: 30, seconds: 5, bFrames: 2 })])
    const offsets = new Set(samplesOf(events, 'video').map((s) => s.pts - s.dts))
    expect([...offsets].every((offset) => offset % 3000 === 0)).toBe(true)
    expect(offsets.size).toBeGreaterThan(1)
  })

  it('goes on evenly over a jump of both tracks, and says so', () => {
    const first = show(3)
    const second = shifted(show(3), 90_000_000).map((e) =>
      e.type === 'sample' ? { ...e, arrivedAtMs: e.arrivedAtMs + 3000 } : e,
    )
    const events = sanitise([...tracks(videoTrack(30), audio), ...first, ...second])
    const video = samplesOf(events, 'video').map((s) => s.dts)
    const steps = new Set(video.slice(1).map((dts, i) => dts - (video[i] ?? 0)))
    expect(steps).toEqual(new Set([3000]))
    const sound = samplesOf(events, 'audio').map((s) => s.dts)
    expect(Math.max(...sound.slice(1).map((dts, i) => dts - (sound[i] ?? 0)))).toBe(1024)
    expect(warnings(events)).toContain('clock-jump')
  })

  it('waits at most 1 s for sound, then goes on without it, and takes it when it comes', () => {
    const late = audioEvents(audio, 3, 0, 1500)
    const events = sanitise([
      ...tracks(videoTrack(), audio),
      ...interleave(videoEvents({ fps: 30, seconds: 5 }), late),
    ])
    expect(events[0]).toMatchObject({ type: 'tracks', audio: { kind: 'audio' } })
    const first = events.findIndex((e) => e.type === 'sample' && e.kind === 'audio')
    expect(samplesOf(events.slice(0, first), 'video').length).toBeGreaterThan(30)
    expect(samplesOf(events, 'video')).toHaveLength(150)
    expect(samplesOf(events, 'audio')[0]?.dts).toBe(1500 * 48)
    expect(warnings(events)).toEqual([])
  })

  it('tells of sound whose track comes when nobody waits for it any more', () => {
    const picture = videoEvents({ fps: 30, seconds: 5 })
    const sound = audioEvents(audio, 3, 0, 1500)
    const late = interleave(picture, sound)
    const at = late.findIndex((e) => e.type === 'sample' && e.kind === 'audio')
    const events = sanitise([
      ...tracks(videoTrack()),
      ...late.slice(0, at),
      ...tracks(audio),
      ...late.slice(at),
    ])
    expect(events[0]).toMatchObject({ type: 'tracks', audio: null })
    expect(events.filter((e) => e.type === 'track-changed')).toMatchObject([{ needsHeader: true }])
    expect(samplesOf(events, 'audio')).toHaveLength(sound.length)
  })

  it('says so when a picture comes too late', () => {
    const events = sanitise([
      ...tracks(videoTrack(), audio),
      ...interleave(videoEvents({ fps: 30, seconds: 3 }).map(delayed), audioEvents(audio, 5)),
    ])
    expect(events[0]).toMatchObject({ type: 'tracks', video: null })
    expect(samplesOf(events, 'video')).toHaveLength(0)
    expect(warnings(events)).toEqual(['late-track'])
  })

  it('has both tracks when the second comes within 1 s, and loses nothing', () => {
    const late = audioEvents(audio, 3, 0, 800)
    const events = sanitise([
      ...tracks(videoTrack(), audio),
      ...interleave(videoEvents({ fps: 30, seconds: 5 }), late),
    ])
    expect(events[0]).toMatchObject({ type: 'tracks', audio: { kind: 'audio' }, video: { kind: 'video' } })
    expect(samplesOf(events, 'video')).toHaveLength(150)
    expect(samplesOf(events, 'audio')[0]?.dts).toBe(800 * 48)
  })

  it('holds no more than a bound back, however fast it comes', () => {
    const flood: SourceEvent[] = Array.from({ length: 5000 }, () => ({
      type: 'sample',
      kind: 'video',
      dtsMs: 0,
      ptsMs: 0,
      data: accessUnit(nal(1)),
      arrivedAtMs: 0,
    }))
    const events: SanitisedEvent[] = sanitise([...tracks(videoTrack()), ...flood])
    expect(samplesOf(events, 'video')).toHaveLength(5000)
  })

  it('judges key frames by NAL type', () => {
    const events = sanitise([...tracks(videoTrack()), ...videoEvents({ fps: 30, seconds: 3, keyEvery: 30 })])
    expect(samplesOf(events, 'video').flatMap((s, i) => (s.key ? [i] : []))).toEqual([0, 30, 60])
  })

  it('takes parameter sets that are repeated in band for what they are', () => {
    const { sps, pps } = parseAvcConfig(AVC_CONFIG)
    const events = videoEvents({ fps: 30, seconds: 4 }).map((e) =>
      e.type === 'sample' ? { ...e, data: Buffer.concat([accessUnit(...sps, ...pps), e.data]) } : e,
    )
    const out = sanitise([...tracks(videoTrack()), ...events])
    expect(out.filter((e) => e.type === 'track-changed')).toEqual([])
  })

  it('tells of a new SPS in mid-stream, in band or by a new sequence header, once', () => {
    const { sps, pps } = parseAvcConfig(AVC_CONFIG_1080)
    const events = videoEvents({ fps: 30, seconds: 6 })
    const inBand = events.map((e, i) =>
      e.type === 'sample' && i >= 60 && i % 60 === 0
        ? { ...e, data: Buffer.concat([accessUnit(...sps, ...pps), e.data]) }
        : e,
    )
    for (const run of [
      [...tracks(videoTrack()), ...inBand],
      [
        ...tracks(videoTrack()),
        ...events.slice(0, 60),
        ...tracks(h264Track(AVC_CONFIG_1080)),
        ...events.slice(60),
      ],
    ]) {
      const changes = sanitise(run).filter((e) => e.type === 'track-changed')
      expect(changes).toHaveLength(1)
      expect(changes[0]).toMatchObject({ needsHeader: true, track: { width: 1920, height: 1080 } })
    }
  })

  it('needs no new header for picture parameter sets that change', () => {
    const { sps, pps } = parseAvcConfig(AVC_CONFIG)
    const other = Uint8Array.from([...(pps[0] ?? []), 0x80])
    const events = videoEvents({ fps: 30, seconds: 6 }).map((e, i) =>
      e.type === 'sample' && i % 60 === 0
        ? {
            ...e,
            data: Buffer.concat([accessUnit(...sps, i % 120 === 0 ? other : (pps[0] ?? other)), e.data]),
          }
        : e,
    )
    const changes = sanitise([...tracks(videoTrack()), ...events]).filter((e) => e.type === 'track-changed')
    expect(changes.map((e) => e.type === 'track-changed' && e.needsHeader)).toEqual([false, false, false])
  })

  it('goes on with sound of another kind, in its own sample rate', () => {
    const other = audioTrack(44_100)
    const before = audioEvents(audio, 2)
    const after = audioEvents(other, 2, 0, 2000)
    const out = sanitise([...tracks(audio), ...before, ...tracks(other), ...after])
    expect(out.filter((e) => e.type === 'track-changed')).toMatchObject([{ needsHeader: true }])
    const samples = samplesOf(out, 'audio')
    expect(samples).toHaveLength(before.length + after.length)
    expect(samples.slice(before.length).map((s) => s.dts)).toEqual(after.map((_, i) => 2 * 44_100 + i * 1024))
  })

  it('drops what is broken, with a warning, and goes on', () => {
    const events = videoEvents({ fps: 30, seconds: 3 })
    const broken = events.map((e, i) =>
      e.type === 'sample' && i === 50 ? { ...e, data: e.data.subarray(0, 20) } : e,
    )
    const out = sanitise([...tracks(videoTrack()), ...broken])
    expect(samplesOf(out, 'video')).toHaveLength(89)
    expect(warnings(out)).toEqual(['broken-sample'])
  })

  it('finds captions', () => {
    const sei = Uint8Array.of(6, 4, 10, 0xb5, 0, 0x31, 0x47, 0x41, 0x39, 0x34, 3, 0xc1, 0xff, 0x80)
    const events = videoEvents({ fps: 30, seconds: 3 }).map((e) =>
      e.type === 'sample' ? { ...e, data: Buffer.concat([accessUnit(sei), e.data]) } : e,
    )
    expect(sanitise([...tracks(videoTrack()), ...events]).filter((e) => e.type === 'captions')).toHaveLength(
      1,
    )
  })
})
