import type { SanitisedEvent, SanitiserWarning } from '../media/sanitiser.ts'
import { type AudioTrack, type Sample, VIDEO_TIMESCALE, type VideoTrack } from '../media/types.ts'
import {
  type HealthSecond,
  isBitrateUnstable,
  isClockUnsteady,
  type KeyFrameWarning,
  keyFrameWarning,
  RULES_WINDOW_SECONDS,
} from './health-rules.ts'

/** What happens to a stream's lower rungs. */
export type LadderWarning =
  /** No ladder: this machine is too small for any. */
  | 'ladder-off-machine'
  /** No ladder: others take what this machine has. */
  | 'ladder-no-room'
  | 'ladder-restarted'
  | 'ladder-behind'
  /** The encoder on the graphics card failed; the processor does it from here on. */
  | 'encoder-fell-back'
  /** The rung of this id was given up: the machine could not make it in real time. */
  | `rung-dropped:${string}`
  /** All rungs were. */
  | 'source-only'

/** Stable codes for the creator's page, which words them. */
export type HealthWarning =
  | SanitiserWarning
  | KeyFrameWarning
  | 'bitrate-unstable'
  | 'clock-unsteady'
  | 'no-audio'
  | 'no-video'
  | LadderWarning
  | 'recording-incomplete'
  /** Why an encoder was turned away; in its last report. */
  | `unsupported-codec:${string}`

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

const WINDOW_SECONDS = 5
/** How long something that happened once is shown. */
const SHOWN_MS = 30_000

interface Second extends HealthSecond {
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
  #current = emptySecond()
  #lastKeyDts: number | null = null
  #keyFrameIntervalMs = 0
  #lastVideoDts = 0
  readonly #noticed = new Map<HealthWarning, number>()

  observe(event: SanitisedEvent, nowMs: number): void {
    if (event.type === 'sample') {
      this.#turn(nowMs)
      if (event.kind === 'audio') this.#current.audioBytes += event.sample.data.byteLength
      else this.#observeFrame(event.sample, nowMs)
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
    const seconds = this.#seconds.slice(-WINDOW_SECONDS)
    const sum = (pick: (second: Second) => number) =>
      seconds.reduce((all, one) => all + pick(one), 0) / Math.max(1, seconds.length)
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

  #observeFrame({ dts, key, data }: Sample, nowMs: number): void {
    const leadMs = (dts * 1000) / VIDEO_TIMESCALE - nowMs
    this.#current.leadMs = Math.max(this.#current.leadMs ?? leadMs, leadMs)
    this.#current.videoBytes += data.byteLength
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
    const farApart = keyFrameWarning(Math.max(sinceKeyMs, this.#keyFrameIntervalMs))
    if (farApart) warnings.add(farApart)
    if (isBitrateUnstable(this.#seconds)) warnings.add('bitrate-unstable')
    if (isClockUnsteady(this.#seconds)) warnings.add('clock-unsteady')
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
      if (this.#started && second - this.#second <= RULES_WINDOW_SECONDS + 1)
        this.#seconds.push(this.#current)
      this.#started = true
      this.#current = emptySecond()
    }
    if (this.#seconds.length > RULES_WINDOW_SECONDS)
      this.#seconds = this.#seconds.slice(-RULES_WINDOW_SECONDS)
  }
}

function emptySecond(): Second {
  return { videoBytes: 0, audioBytes: 0, frames: 0, leadMs: null }
}
