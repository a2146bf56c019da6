import { FrameGrid } from './clock/frame-grid.ts'
import { SampleCounter } from './clock/sample-counter.ts'
import { SourceClock } from './clock/source-clock.ts'
import { MediaError } from './errors.ts'
import { buildAvcConfig, parseAvcConfig } from './h264/avcc.ts'
import { type AccessUnit, inspectAccessUnit } from './h264/nal.ts'
import { mergeParameterSets } from './h264/parameter-sets.ts'
import { h264Track } from './h264/track.ts'
import type { AudioTrack, Sample, SourceEvent, Track, VideoTrack } from './types.ts'

/** Stable codes for the creator's health page. */
export type SanitiserWarning = 'clock-jump' | 'late-track' | 'broken-sample' | 'audio-hole'

/** What comes out: one clock that starts at 0 and never goes back, video in 90 kHz, audio in its sample rate. */
export type SanitisedEvent =
  /** Once, before the first sample: the tracks of this session. At least one is not null. */
  | { type: 'tracks'; video: VideoTrack | null; audio: AudioTrack | null }
  | { type: 'sample'; kind: 'video' | 'audio'; sample: Sample; arrivedAtMs: number }
  /**
   * The encoder changed its parameters in mid-stream, or sound came that nobody waited for any more; the samples that
   * follow need them. `needsHeader` false: in band they do (picture parameter sets).
   */
  | { type: 'track-changed'; track: Track; needsHeader: boolean }
  /** Once: CEA-608/708 captions were seen. */
  | { type: 'captions' }
  | { type: 'warning'; code: SanitiserWarning }

type SourceSample = Extract<SourceEvent, { type: 'sample' }>

interface Held {
  event: SourceSample
  timeMs: number
}

/** How long the second track is waited for, in arrival times, and what may pile up meanwhile. */
const MAX_WAIT_MS = 1000
const MAX_HELD_BYTES = 8 * 1024 * 1024
const MAX_HELD_MEDIA_MS = 3000
const MAX_HELD_SAMPLES = 1024
/** Frames are reordered over a second at most; more is a broken field. */
const MAX_COMPOSITION_MS = 10_000

/**
 * Stands between a source and the packager (MEDIA.md 1-2). Takes whatever encoders send, gives samples on one clean clock.
 * Holds samples back for 1 s at most, at the start, while the second track is missing.
 * Files packaged faster than real time: pass the sample's own dtsMs as `arrivedAtMs`.
 */
export class Sanitiser {
  readonly #emit: (event: SanitisedEvent) => void
  readonly #clock = new SourceClock()
  #video: VideoTrack | null = null
  #audio: AudioTrack | null = null
  #lengthSize = 4
  #grid = new FrameGrid(null)
  #counter: SampleCounter | null = null
  /** Null once the tracks are settled. */
  #held: Held[] | null = []
  #heldBytes = 0
  #zeroMs = 0
  #jumpsSeen = 0
  #holesSeen = 0
  #captionsSeen = false
  #lateSeen = false

  constructor(emit: (event: SanitisedEvent) => void) {
    this.#emit = emit
  }

  /** Never throws for what an encoder sent: broken samples are dropped with a warning. */
  push(event: SourceEvent): void {
    if (event.type === 'track') this.#takeTrack(event.track)
    else if (this.#held) this.#hold(event, this.#held)
    else this.#pass(event, this.#clock.map(event.kind, event.dtsMs, event.arrivedAtMs))
  }

  /** End of the source: lets go of what was held back. */
  finish(): void {
    if (this.#held && this.#held.length > 0) this.#settle(this.#held)
  }

  #takeTrack(track: Track): void {
    const known = track.kind === 'video' ? this.#video : this.#audio
    if (this.#held) {
      if (track.kind === 'video') this.#setVideo(track)
      else this.#audio = track
    } else if (!known && track.kind === 'video') this.#warnOfLateTrack()
    else if (!known || !sameBytes(known.config, track.config)) this.#changeTrack(track)
  }

  #setVideo(track: VideoTrack): void {
    this.#video = track
    this.#lengthSize = parseAvcConfig(track.config).lengthSize
  }

  #changeTrack(track: Track): void {
    let needsHeader = true
    if (track.kind === 'video') {
      needsHeader = !this.#video || !sameHeader(this.#video, track)
      this.#setVideo(track)
    } else {
      this.#audio = track
      this.#counter = new SampleCounter(track.sampleRate, track.samplesPerFrame)
      this.#holesSeen = 0
    }
    this.#emit({ type: 'track-changed', track, needsHeader })
  }

  #warnOfLateTrack(): void {
    if (this.#lateSeen) return
    this.#lateSeen = true
    this.#emit({ type: 'warning', code: 'late-track' })
  }

  #hold(event: SourceSample, held: Held[]): void {
    if ((event.kind === 'video' ? this.#video : this.#audio) === null) return
    const timeMs = this.#clock.map(event.kind, event.dtsMs, event.arrivedAtMs)
    held.push({ event, timeMs })
    this.#heldBytes += event.data.length
    // All that is held is of one kind: the first sample of the other ends the wait.
    const first = held[0]
    if (!first) return
    const enough =
      first.event.kind !== event.kind ||
      event.arrivedAtMs - first.event.arrivedAtMs >= MAX_WAIT_MS ||
      timeMs - first.timeMs >= MAX_HELD_MEDIA_MS ||
      this.#heldBytes >= MAX_HELD_BYTES ||
      held.length >= MAX_HELD_SAMPLES
    if (enough) this.#settle(held)
  }

  #settle(held: Held[]): void {
    this.#held = null
    const seen = (kind: 'video' | 'audio') => held.some((h) => h.event.kind === kind)
    if (!seen('video')) this.#video = null
    if (this.#video) this.#grid = new FrameGrid(this.#video.frameRate)
    if (this.#audio) this.#counter = new SampleCounter(this.#audio.sampleRate, this.#audio.samplesPerFrame)
    this.#zeroMs = held.reduce(
      (zero, h) => Math.min(zero, h.timeMs + Math.min(0, compositionMs(h.event))),
      Number.POSITIVE_INFINITY,
    )
    this.#emit({ type: 'tracks', video: this.#video, audio: this.#audio })
    for (const { event, timeMs } of held) this.#pass(event, timeMs)
  }

  #pass(event: SourceSample, timeMs: number): void {
    if (this.#clock.jumps !== this.#jumpsSeen) {
      this.#jumpsSeen = this.#clock.jumps
      this.#emit({ type: 'warning', code: 'clock-jump' })
    }
    const sample =
      event.kind === 'video'
        ? this.#videoSample(event, timeMs - this.#zeroMs)
        : this.#audioSample(event, timeMs - this.#zeroMs)
    if (sample) this.#emit({ type: 'sample', kind: event.kind, sample, arrivedAtMs: event.arrivedAtMs })
  }

  #videoSample(event: SourceSample, timeMs: number): Sample | null {
    if (!this.#video) {
      this.#warnOfLateTrack()
      return null
    }
    const unit = this.#inspect(event.data)
    if (!unit?.picture) return null
    const dts = this.#grid.snap(Math.max(timeMs, 0))
    return { dts, pts: dts + this.#composition(compositionMs(event)), key: unit.key, data: event.data }
  }

  /** Composition offsets are whole frames where there is a grid. */
  #composition(offsetMs: number): number {
    const ticks = offsetMs * 90
    const step = this.#grid.stepTicks
    if (step === 0 || ticks === 0) return Math.round(ticks)
    const snapped = Math.round(Math.round(ticks / step) * step)
    return Math.abs(snapped - ticks) <= 135 ? snapped : Math.round(ticks)
  }

  #inspect(data: Uint8Array): AccessUnit | null {
    try {
      const unit = inspectAccessUnit(data, this.#lengthSize)
      if (unit.sps || unit.pps) this.#takeParameterSets(unit)
      if (unit.captions && !this.#captionsSeen) {
        this.#captionsSeen = true
        this.#emit({ type: 'captions' })
      }
      return unit
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#emit({ type: 'warning', code: 'broken-sample' })
      return null
    }
  }

  /** Repeats are the rule. Sets that differ are a new configuration. */
  #takeParameterSets(unit: AccessUnit): void {
    if (!this.#video) return
    const config = parseAvcConfig(this.#video.config)
    if (isKnown(unit.sps, config.sps) && isKnown(unit.pps, config.pps)) return
    const sps = mergeParameterSets(config.sps, unit.sps ?? [])
    const pps = mergeParameterSets(config.pps, unit.pps ?? [])
    this.#changeTrack(h264Track(buildAvcConfig({ ...config, sps, pps })))
  }

  #audioSample(event: SourceSample, timeMs: number): Sample | null {
    if (!this.#counter) {
      this.#warnOfLateTrack()
      return null
    }
    const at = this.#counter.count(timeMs)
    if (this.#counter.holes !== this.#holesSeen) {
      this.#holesSeen = this.#counter.holes
      this.#emit({ type: 'warning', code: 'audio-hole' })
    }
    return at === null ? null : { dts: at, pts: at, key: true, data: event.data }
  }
}

function compositionMs(event: SourceSample): number {
  const offset = event.ptsMs - event.dtsMs
  return Math.abs(offset) <= MAX_COMPOSITION_MS ? offset : 0
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function isKnown(sets: readonly Uint8Array[] | null, known: readonly Uint8Array[]): boolean {
  return sets === null || sets.every((set) => known.some((other) => sameBytes(set, other)))
}

/** Whether samples of both can follow one header: the same sequence parameter sets and length prefix. */
function sameHeader(a: VideoTrack, b: VideoTrack): boolean {
  const [one, other] = [parseAvcConfig(a.config), parseAvcConfig(b.config)]
  return one.lengthSize === other.lengthSize && isKnown(one.sps, other.sps) && isKnown(other.sps, one.sps)
}
