import type { SanitisedEvent, SanitiserWarning } from '../media/sanitiser.ts'
import { type AudioTrack, VIDEO_TIMESCALE, type VideoTrack } from '../media/types.ts'

/** Stable codes for the creator's page, which words them. */
export type HealthWarning =
  | SanitiserWarning
  | 'key-frames-far-apart'
  | 'no-audio'
  | 'no-video'
  | 'ladder-off-machine'
  | 'ladder-restarted'
  | 'ladder-behind'
  | 'recording-incomplete'

/** What a creator sees of the stream, measured over the last seconds. */
export interface Health {
  videoBitrateBps: number
  audioBitrateBps: number
  frameRate: number
  /** Zero until two key frames were seen. */
  keyFrameIntervalMs: number
  width: number
  height: number
  /** RFC 6381. */
  videoCodec: string
  audioCodec: string
  warnings: HealthWarning[]
}

/** Low latency wants a key frame about every 2 s; at 4 s a segment has to be cut without one (MEDIA.md 6). */
const FAR_APART_MS = 4_000
const WINDOW_SECONDS = 5
/** How long something that happened once is shown. */
const SHOWN_MS = 30_000

interface Second {
  videoBytes: number
  audioBytes: number
  frames: number
}

/** Measures one session's stream. Pure but for its own state: time comes in with the samples. */
export class HealthMeter {
  #video: VideoTrack | null = null
  #audio: AudioTrack | null = null
  #tracksKnown = false
  #second = 0
  #started = false
  #seconds: Second[] = []
  #current: Second = { videoBytes: 0, audioBytes: 0, frames: 0 }
  #lastKeyDts: number | null = null
  #keyFrameIntervalMs = 0
  #lastVideoDts = 0
  readonly #noticed = new Map<HealthWarning, number>()

  observe(event: SanitisedEvent, nowMs: number): void {
    if (event.type === 'sample') {
      this.#turn(nowMs)
      if (event.kind === 'audio') this.#current.audioBytes += event.sample.data.byteLength
      else this.#observeFrame(event.sample.dts, event.sample.key, event.sample.data.byteLength)
    } else if (event.type === 'tracks') {
      this.#video = event.video
      this.#audio = event.audio
      this.#tracksKnown = true
    } else if (event.type === 'track-changed') {
      if (event.track.kind === 'video') this.#video = event.track
      else this.#audio = event.track
    } else if (event.type === 'warning') {
      this.notice(event.code, nowMs)
    }
  }

  /** Something happened that the creator should see for a while. */
  notice(warning: HealthWarning, nowMs: number): void {
    this.#noticed.set(warning, nowMs)
  }

  read(nowMs: number): Health {
    this.#turn(nowMs)
    const seconds = Math.max(1, this.#seconds.length)
    const sum = (pick: (second: Second) => number) =>
      this.#seconds.reduce((all, one) => all + pick(one), 0) / seconds
    return {
      videoBitrateBps: Math.round(sum((second) => second.videoBytes) * 8),
      audioBitrateBps: Math.round(sum((second) => second.audioBytes) * 8),
      frameRate: Math.round(sum((second) => second.frames) * 100) / 100,
      keyFrameIntervalMs: this.#keyFrameIntervalMs,
      width: this.#video?.width ?? 0,
      height: this.#video?.height ?? 0,
      videoCodec: this.#video?.codecs ?? '',
      audioCodec: this.#audio?.codecs ?? '',
      warnings: this.#warnings(nowMs),
    }
  }

  #observeFrame(dts: number, key: boolean, sizeBytes: number): void {
    this.#current.videoBytes += sizeBytes
    this.#current.frames++
    this.#lastVideoDts = dts
    if (!key) return
    if (this.#lastKeyDts !== null) {
      this.#keyFrameIntervalMs = Math.round(((dts - this.#lastKeyDts) * 1000) / VIDEO_TIMESCALE)
    }
    this.#lastKeyDts = dts
  }

  #warnings(nowMs: number): HealthWarning[] {
    const warnings = new Set<HealthWarning>()
    for (const [warning, atMs] of this.#noticed) {
      if (nowMs - atMs < SHOWN_MS) warnings.add(warning)
      else this.#noticed.delete(warning)
    }
    const sinceKeyMs = ((this.#lastVideoDts - (this.#lastKeyDts ?? 0)) * 1000) / VIDEO_TIMESCALE
    if (Math.max(sinceKeyMs, this.#keyFrameIntervalMs) > FAR_APART_MS) warnings.add('key-frames-far-apart')
    if (this.#tracksKnown && !this.#audio) warnings.add('no-audio')
    if (this.#tracksKnown && !this.#video) warnings.add('no-video')
    return [...warnings]
  }

  /** Closes the seconds that have passed. */
  #turn(nowMs: number): void {
    const second = Math.floor(nowMs / 1000)
    if (this.#second === 0) this.#second = second
    for (; this.#second < second; this.#second++) {
      // The first second began in its middle: it says nothing.
      if (this.#started && second - this.#second <= WINDOW_SECONDS + 1) this.#seconds.push(this.#current)
      this.#started = true
      this.#current = { videoBytes: 0, audioBytes: 0, frames: 0 }
    }
    this.#seconds =
      this.#seconds.length > WINDOW_SECONDS ? this.#seconds.slice(-WINDOW_SECONDS) : this.#seconds
  }
}
