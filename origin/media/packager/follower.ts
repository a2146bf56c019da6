import { silentFrame } from '../aac/silence.ts'
import type { Sample, Track } from '../types.ts'
import type { CutList } from './cut-list.ts'
import type { RenditionWriter } from './rendition-writer.ts'
import type { RungClock } from './rung-clock.ts'

const CLOCK = 90_000
/** Half a millisecond: a rung's times went through an encoder. */
const TOLERANCE = CLOCK / 2000
/** Samples older than their segment by more than this came too late. */
const MAX_LATE = CLOCK / 2
/** A segment begins with its first sample when that is so near to the cut, else there is a hole and the cut counts. */
const NEAR_AUDIO = CLOCK / 20
const NEAR_RUNG = CLOCK / 2
const MAX_QUEUED_SAMPLES = 1024
/** A hole between samples that is no jitter. */
const MAX_QUIET = CLOCK
/** Fewer that are missing among others are some decoder's doing: the frame before them stands. */
const MIN_LOST_FRAMES = 3

interface Queued {
  sample: Sample
  /** The parameters it was encoded with. */
  track: Track
}

type SourceFrames = Pick<RungClock, 'framesBetween'>

/**
 * A rendition that takes its cuts from the lead (MEDIA.md 7): audio begins a segment with the first frame at or after the
 * cut, a rung with the frame of equal time. A segment for which nothing came is a GAP, so numbers stay aligned.
 */
export class Follower {
  readonly #writer: RenditionWriter
  readonly #cuts: CutList
  readonly #programTimeOf: (time: number) => number
  readonly #isAudio: boolean
  /** What the samples that come are encoded with; the writer's, until the next turn. */
  #incoming: Track
  /** A frame of silence in the writer's track, where it is sound and that can be made. */
  #silence: Uint8Array | null
  #queue: Queued[] = []
  /** Index of the segment being written; the one before the first that it may have, at the start. */
  #index: number
  /** A rung joins with a key frame at a cut, audio at once. */
  #joined: boolean
  /** Where the next sample is expected, in the writer's timescale. */
  #nextDts: number | null = null
  #head = 0
  /** The source's frames, of which a rung has each; null for audio. */
  readonly #source: SourceFrames | null
  /** Presentation time of a rung's last frame, since it joined. */
  #shownUntil: number | null = null
  /** How long after it is decoded a frame is shown: a rung has no B-frames. */
  #delay = 0
  /** Presentation time since which samples came without a hole. */
  #steadySince = 0

  constructor(
    writer: RenditionWriter,
    cuts: CutList,
    programTimeOf: (time: number) => number,
    source: SourceFrames | null,
  ) {
    this.#source = source
    this.#writer = writer
    this.#cuts = cuts
    this.#programTimeOf = programTimeOf
    this.#isAudio = writer.track.kind === 'audio'
    this.#incoming = writer.track
    this.#silence = silenceOf(writer.track)
    this.#joined = this.#isAudio
    this.#index = cuts.first - 1
  }

  get writer(): RenditionWriter {
    return this.#writer
  }

  /** Presentation time up to which samples came. */
  get head(): number {
    return this.#head
  }

  /** How long samples have come without a hole. */
  get steadyFor(): number {
    return this.#head - this.#steadySince
  }

  /** Whether nothing came between these presentation times. */
  isQuiet(from: number, until: number): boolean {
    const [next] = this.#queue
    return (this.#nextTime ?? 0) <= from + MAX_QUIET && (!next || timeOf(next) >= until - MAX_QUIET)
  }

  /** True while what comes can't be written before the next turn. */
  get waitsForTurn(): boolean {
    return this.#incoming !== this.#writer.track
  }

  /** The samples that follow have other parameters; they are written from the next turn on. */
  change(track: Track): void {
    this.#incoming = track
    if (this.#index >= this.#cuts.first || this.#queue.length > 0) return
    this.#writer.replace(track)
    this.#silence = silenceOf(track)
  }

  /** Before the lead has begun, the oldest goes when too much waits. */
  push(sample: Sample): void {
    const item = { sample, track: this.#incoming }
    this.#queue.push(item)
    if (timeOf(item) - this.#head > MAX_QUIET) this.#steadySince = timeOf(item)
    this.#head = timeOf(item) + frameOf(item.track)
    if (this.#queue.length > MAX_QUEUED_SAMPLES) this.#queue.shift()
  }

  /** Packages what waits and lies before `safeUntil` (presentation time), closing segments on the way. */
  drain(safeUntil: number): void {
    for (;;) {
      const item = this.#queue[0]
      const at = item ? timeOf(item) : this.#isAudio ? this.#nextTime : null
      if (at === null) return
      const cut = this.#cuts.at(this.#index + 1)
      if (cut !== null && at >= cut - TOLERANCE) this.#advance(cut, item ?? null)
      else if (!item || at >= safeUntil) return
      else {
        this.#queue.shift()
        this.#accept(item)
      }
    }
  }

  /**
   * Makes silence of what is missing before `until` (presentation time, no later than a cut may still come). Does nothing
   * for a picture, and for sound whose silence can't be made.
   */
  fill(until: number): void {
    while (this.#silence) {
      this.drain(until)
      const at = this.#nextTime
      const cut = this.#cuts.at(this.#index + 1)
      const { track } = this.#writer
      if (at === null) {
        if (cut === null || cut > until) return
        this.#advance(cut, null)
        continue
      }
      const [item] = this.#queue
      if (at + frameOf(track) > until || (item && timeOf(item) < at + frameOf(track))) return
      this.#queue.unshift({ sample: silence(this.#silence, this.#nextDts ?? 0), track })
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

  /** The lead goes on at `time` after a hole that this rendition has too: what came shortly before is left out with it. */
  resumeAt(time: number): void {
    const before = (this.#nextTime ?? 0) + MAX_QUIET
    this.#queue = this.#queue.filter((item) => timeOf(item) <= before || timeOf(item) >= time - TOLERANCE)
    this.giveUpUntil(time)
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
    this.#writer.finish(this.#ticks(time))
  }

  /** @param item the one that showed that the cut was reached, or null when nothing will come before it */
  #advance(cut: number, item: Queued | null): void {
    const turn = this.#cuts.isTurn(this.#index + 1)
    const atCut = item !== null && Math.abs(timeOf(item) - cut) <= 2 * TOLERANCE
    const lost = this.#lostFrames(cut) > 0
    if (!this.#isAudio && item?.sample.key && atCut) this.#join()
    else if (item) this.#leaveWhereLost(item)
    const next = this.#joined && item?.track === (turn ? this.#incoming : this.#writer.track) ? item : null
    const start = this.#startAt(cut, next)
    const ends = next?.track === this.#writer.track ? next.sample.dts : null
    const end = next && ends !== null && start === decodeTimeOf(next) ? ends : this.#ticks(start)
    // What a turn leaves out is no part of the segment before it.
    if (!turn && lost) this.#writer.giveUp(end)
    this.#writer.end(turn ? Math.min(end, this.#nextDts ?? end) : end, ends)
    if (turn) this.#turn()
    this.#index++
    const startDts = next && start === decodeTimeOf(next) ? next.sample.dts : this.#ticks(start)
    if (this.#isAudio) this.#nextDts = startDts
    const shown = this.#isAudio ? startDts * this.#toClock : cut
    this.#writer.begin(this.#index, startDts, this.#programTimeOf(shown))
  }

  /** Decode time at which the segment of a cut begins. */
  #startAt(cut: number, next: Queued | null): number {
    // A frame or two may be missing before it.
    if (!this.#isAudio && !next) return cut - this.#delay
    const near = this.#isAudio ? NEAR_AUDIO : NEAR_RUNG
    const isNear = (time: number | null) => time !== null && Math.abs(time - cut) < near
    const ended = this.#isAudio ? this.#nextTime : null
    // Sound goes on where it ended. A turn comes unforeseen: some from after it may be in the segment before.
    if (ended !== null && (isNear(ended) || ended > cut)) return ended
    const expected = next ? decodeTimeOf(next) : this.#nextTime
    return expected !== null && isNear(expected) ? expected : cut
  }

  #turn(): void {
    this.#writer.turn(this.#incoming, this.#index + 1)
    this.#silence = silenceOf(this.#incoming)
  }

  #join(): void {
    this.#joined = true
    this.#shownUntil = null
  }

  /** How many frames the source shows after the last one here and before a presentation time. */
  #lostFrames(before: number): number {
    const after = this.#shownUntil
    return after === null ? 0 : (this.#source?.framesBetween(after, before) ?? 0)
  }

  /** Frames that refer to lost ones are no use; a segment that begins with a key frame is. */
  #leaveWhereLost(item: Queued): void {
    if (this.#joined && this.#lostFrames(timeOf(item)) >= MIN_LOST_FRAMES) this.#joined = false
  }

  #accept(item: Queued): void {
    const { sample, track } = item
    this.#leaveWhereLost(item)
    const start = this.#cuts.at(this.#index)
    const inTime = start !== null && timeOf(item) >= start - MAX_LATE
    if (track !== this.#writer.track || !this.#joined || !inTime || this.#writer.index === null) return
    if (track.kind === 'audio') this.#bridge(sample.dts, track.samplesPerFrame)
    // There is silence already.
    if (this.#isAudio && this.#nextDts !== null && sample.dts < this.#nextDts) return
    this.#writer.push(sample)
    this.#shownUntil = timeOf(item)
    this.#delay = timeOf(item) - decodeTimeOf(item)
    this.#nextDts =
      sample.dts + (track.kind === 'audio' ? track.samplesPerFrame : this.#writer.expectedDuration)
  }

  /** A hole in the sound becomes silence, but for what is shorter than a frame. */
  #bridge(dts: number, samplesPerFrame: number): void {
    if (!this.#silence || this.#nextDts === null) return
    for (; this.#nextDts + samplesPerFrame <= dts; this.#nextDts += samplesPerFrame) {
      this.#writer.push(silence(this.#silence, this.#nextDts))
    }
  }

  get #toClock(): number {
    return CLOCK / this.#writer.track.timescale
  }

  get #nextTime(): number | null {
    return this.#nextDts === null ? null : this.#nextDts * this.#toClock
  }

  /** In the writer's timescale. */
  #ticks(time: number): number {
    return Math.round(time / this.#toClock)
  }
}

function timeOf({ sample, track }: Queued): number {
  return (sample.pts * CLOCK) / track.timescale
}

function decodeTimeOf({ sample, track }: Queued): number {
  return (sample.dts * CLOCK) / track.timescale
}

/** What a sample lasts, where that is known beforehand, else 0. */
function frameOf(track: Track): number {
  return track.kind === 'audio' ? (track.samplesPerFrame * CLOCK) / track.timescale : 0
}

function silenceOf(track: Track): Uint8Array | null {
  return track.kind === 'audio' ? silentFrame(track) : null
}

function silence(data: Uint8Array, dts: number): Sample {
  return { dts, pts: dts, key: true, data }
}
