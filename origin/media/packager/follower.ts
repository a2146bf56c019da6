import type { Sample } from '../types.ts'
import type { CutList } from './cut-list.ts'
import type { RenditionWriter } from './rendition-writer.ts'

const CLOCK = 90_000
/** Half a millisecond: a rung's times went through an encoder. */
const TOLERANCE = CLOCK / 2000
/** Samples older than their segment by more than this came too late. */
const MAX_LATE = CLOCK / 2
/** A segment begins with its first sample when that is so near to the cut, else there is a hole and the cut counts. */
const NEAR_AUDIO = CLOCK / 20
const NEAR_RUNG = CLOCK / 2
const MAX_QUEUED_SAMPLES = 1024

/**
 * A rendition that takes its cuts from the lead (MEDIA.md 7): audio begins a segment with the first frame at or after the
 * cut, a rung with the frame of equal time. A segment for which nothing came is a GAP, so numbers stay aligned.
 */
export class Follower {
  readonly #writer: RenditionWriter
  readonly #cuts: CutList
  readonly #programTimeOf: (time: number) => number
  readonly #toClock: number
  /** What a sample lasts, in the track's timescale, where that is known beforehand. */
  readonly #sampleDuration: number | null
  #queue: Sample[] = []
  /** Index of the segment being written; the one before the first that it may have, at the start. */
  #index: number
  /** A rung joins with a key frame at a cut, audio at once. */
  #joined: boolean
  #nextDts: number | null = null
  #head = 0

  constructor(writer: RenditionWriter, cuts: CutList, programTimeOf: (time: number) => number) {
    this.#writer = writer
    this.#cuts = cuts
    this.#programTimeOf = programTimeOf
    this.#toClock = CLOCK / writer.track.timescale
    this.#sampleDuration = writer.track.kind === 'audio' ? writer.track.samplesPerFrame : null
    this.#joined = writer.track.kind === 'audio'
    this.#index = cuts.first - 1
  }

  get writer(): RenditionWriter {
    return this.#writer
  }

  /** Presentation time up to which samples came. */
  get head(): number {
    return this.#head
  }

  /** Before the lead has begun, the oldest goes when too much waits. */
  push(sample: Sample): void {
    this.#queue.push(sample)
    this.#head = (sample.pts + (this.#sampleDuration ?? 0)) * this.#toClock
    if (this.#queue.length > MAX_QUEUED_SAMPLES) this.#queue.shift()
  }

  /** Packages what waits and lies before `safeUntil` (presentation time), closing segments on the way. */
  drain(safeUntil: number): void {
    for (;;) {
      const sample = this.#queue[0]
      const at = sample ? sample.pts : this.#sampleDuration === null ? null : this.#nextDts
      if (at === null) return
      const cut = this.#cuts.at(this.#index + 1)
      if (cut !== null && at * this.#toClock >= cut - TOLERANCE) this.#advance(cut, sample ?? null)
      else if (!sample || at * this.#toClock >= safeUntil) return
      else {
        this.#queue.shift()
        this.#accept(sample)
      }
    }
  }

  /** Closes every segment that ended at or before `time`, with what there is: the rest came too late or never will. */
  giveUpUntil(time: number): void {
    for (;;) {
      const cut = this.#cuts.at(this.#index + 1)
      if (cut === null || cut > time) return
      this.drain(cut)
      if (this.#cuts.at(this.#index + 1) === cut) this.#advance(cut, null)
    }
  }

  /** The encoder is gone: what comes next has to join anew. */
  drop(): void {
    this.#queue = []
    this.#nextDts = null
    this.#joined = false
  }

  /** @param time presentation time at which the stream ends: tells how long a last segment without samples was */
  finish(time: number): void {
    this.drain(Number.POSITIVE_INFINITY)
    this.giveUpUntil(Number.POSITIVE_INFINITY)
    this.#writer.finish(Math.round(time / this.#toClock))
  }

  /** @param sample the one that showed that the cut was reached, or null when nothing will come before it */
  #advance(cut: number, sample: Sample | null): void {
    const isAudio = this.#sampleDuration !== null
    const atCut = sample !== null && Math.abs(sample.pts * this.#toClock - cut) <= 2 * TOLERANCE
    if (!isAudio && sample?.key && atCut) this.#joined = true
    const next = sample && this.#joined ? sample.dts : this.#nextDts
    const cutDts = Math.round(cut / this.#toClock)
    const near = isAudio ? NEAR_AUDIO : NEAR_RUNG
    const start = next !== null && Math.abs(next - cutDts) * this.#toClock < near ? next : cutDts
    this.#writer.end(start, sample && this.#joined ? sample.dts : null)
    this.#index++
    this.#writer.begin(this.#index, start, this.#programTimeOf(isAudio ? start * this.#toClock : cut))
  }

  #accept(sample: Sample): void {
    const start = this.#cuts.at(this.#index)
    const inTime = start !== null && sample.pts * this.#toClock >= start - MAX_LATE
    if (!this.#joined || !inTime || this.#writer.index === null) return
    this.#writer.push(sample)
    this.#nextDts = sample.dts + (this.#sampleDuration ?? this.#writer.expectedDuration)
  }
}
