import { expect } from 'vitest'
import { aacTrack } from './aac/config.ts'
import { h264Track } from './h264/track.ts'
import { Packager, type PackagerEvent, type PackagerOptions } from './packager.ts'
import { type SanitisedEvent, Sanitiser } from './sanitiser.ts'
import type { AudioTrack, Part, SegmentEntry, SourceEvent, VideoTrack } from './types.ts'

/** Made-up encoders for this folder's tests: real headers, frames of a few bytes, FLV's whole milliseconds. */

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

/** 640x360, main profile, VUI says 30 fps. From x264. */
export const AVC_CONFIG = fromHex(
  '014d401effe10018674d401eeca05017fcb80880000003008000001e078b16cb01000468ce3c80',
)
/** 1920x1080, high profile, VUI says 30000/1001. From x264. */
export const AVC_CONFIG_1080 = fromHex(
  '01640028ffe1001967640028acd940780227e5c04400000fa40003a9803c60c65801000668ebe3cb22c0fdf8f800',
)

/** A video track whose VUI says nothing of its rate, or what is given. */
export function videoTrack(frameRate: number | null = null): VideoTrack {
  return { ...h264Track(AVC_CONFIG), frameRate }
}

export function audioTrack(sampleRate: 44_100 | 48_000 = 48_000): AudioTrack {
  return aacTrack(fromHex(sampleRate === 48_000 ? '1188' : '1210'))
}

export function nal(type: number, bytes = 12): Uint8Array {
  const out = new Uint8Array(bytes).fill(0xa5)
  out[0] = 0x60 | type
  return out
}

/** Length-prefixed NAL units. */
export function accessUnit(...nals: Uint8Array[]): Uint8Array {
  return Buffer.concat(
    nals.map((unit) => Buffer.concat([Uint8Array.of(0, 0, unit.length >> 8, unit.length & 0xff), unit])),
  )
}

export interface Camera {
  fps: number
  seconds: number
  /** Frames from key to key; infinite: only the first is one. */
  keyEvery?: number
  /** B-frames between the others. */
  bFrames?: number
  startMs?: number
}

/** What an encoder sends for a camera, in decode order, arriving when it is due. */
export function videoEvents({ fps, seconds, keyEvery, bFrames = 0, startMs = 0 }: Camera): SourceEvent[] {
  const every = keyEvery ?? Math.round(fps * 2)
  const events: SourceEvent[] = []
  const count = Math.round(fps * seconds)
  const frameMs = 1000 / fps
  for (let i = 0; i < count; i++) {
    const key = i % every === 0
    const dtsMs = Math.round(i * frameMs)
    // Decode order of a mini group: the frame shown last comes first.
    const place = bFrames === 0 ? 0 : (i % every) % (bFrames + 1)
    const delay = bFrames === 0 ? 0 : place === 1 ? bFrames + 1 : key ? 1 : 0
    events.push({
      type: 'sample',
      kind: 'video',
      dtsMs: startMs + dtsMs,
      ptsMs: startMs + dtsMs + Math.round(delay * frameMs),
      data: accessUnit(nal(key ? 5 : 1, key ? 600 : 100)),
      arrivedAtMs: dtsMs,
    })
  }
  return events
}

/** AAC frames, arriving when they are due. */
export function audioEvents(track: AudioTrack, seconds: number, startMs = 0, fromMs = 0): SourceEvent[] {
  const frameMs = (track.samplesPerFrame * 1000) / track.sampleRate
  return Array.from({ length: Math.floor((seconds * 1000) / frameMs) }, (_, i) => ({
    type: 'sample',
    kind: 'audio',
    dtsMs: startMs + fromMs + Math.round(i * frameMs),
    ptsMs: startMs + fromMs + Math.round(i * frameMs),
    data: new Uint8Array(64).fill(i),
    arrivedAtMs: fromMs + Math.round(i * frameMs),
  }))
}

/** In the order of arrival. */
export function interleave(...tracks: SourceEvent[][]): SourceEvent[] {
  const arrival = (event: SourceEvent) => (event.type === 'sample' ? event.arrivedAtMs : 0)
  return tracks.flat().sort((a, b) => arrival(a) - arrival(b))
}

/** Runs events through a sanitiser. */
export function sanitise(events: SourceEvent[]): SanitisedEvent[] {
  const out: SanitisedEvent[] = []
  const sanitiser = new Sanitiser((event) => out.push(event))
  for (const event of events) sanitiser.push(event)
  sanitiser.finish()
  return out
}

export class Recording {
  readonly events: PackagerEvent[] = []

  parts(renditionId: string): Part[] {
    return this.events.flatMap((e) => (e.type === 'part' && e.renditionId === renditionId ? [e.part] : []))
  }

  segments(renditionId: string): SegmentEntry[] {
    return this.events.flatMap((e) =>
      e.type === 'segment' && e.renditionId === renditionId ? [e.entry] : [],
    )
  }

  /** A header and the segments that need it, as a file: the first unless another is named. */
  file(renditionId: string, header?: number): Uint8Array {
    const init = this.events.find(
      (e) => e.type === 'rendition' && e.rendition.id === renditionId && e.header === header,
    )
    const chunks = this.events.flatMap((e) =>
      e.type === 'segment' && e.renditionId === renditionId && e.entry.header === header ? e.chunks : [],
    )
    return Buffer.concat([...(init?.type === 'rendition' ? [init.init] : []), ...chunks])
  }
}

/** Runs events through sanitiser and packager. */
export function packageAll(events: SourceEvent[], options: Partial<PackagerOptions> = {}): Recording {
  const recording = new Recording()
  const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210, ...options }, (event) =>
    recording.events.push(event),
  )
  const sanitiser = new Sanitiser((event) => packager.push(event))
  for (const event of events) sanitiser.push(event)
  sanitiser.finish()
  packager.finish()
  return recording
}

export function tracks(
  ...list: (ReturnType<typeof videoTrack> | ReturnType<typeof audioTrack>)[]
): SourceEvent[] {
  return list.map((track) => ({ type: 'track', track }))
}

/** A camera with sound. */
export function show(
  camera: Parameters<typeof videoEvents>[0],
  frameRate: number | null = null,
): SourceEvent[] {
  const audio = audioTrack()
  return [
    ...tracks(videoTrack(frameRate), audio),
    ...interleave(videoEvents(camera), audioEvents(audio, camera.seconds)),
  ]
}

/** Each segment begins where the one before ended. */
export function expectContinuous(segments: SegmentEntry[]): void {
  expect(segments.length).toBeGreaterThan(1)
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1]
    if (next) expect(Math.abs(segment.dts + segment.duration - next.dts)).toBeLessThanOrEqual(1)
  }
}

/** MEDIA.md 7: equal numbers at equal program date times; audio begins with its first frame at or after the cut. */
export function expectAligned(recording: Recording): void {
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
