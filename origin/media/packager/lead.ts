import type { Sample, Track } from '../types.ts'
import type { CutList } from './cut-list.ts'
import type { RenditionWriter } from './rendition-writer.ts'

const CLOCK = 90_000
/** A key frame cuts from here on (MEDIA.md 6). */
const MIN_SEGMENT = 1.8 * CLOCK
/** Without a key frame any frame cuts here. */
const MAX_SEGMENT = 4 * CLOCK
/** No frame came by then (the picture stands): the segment ends without one. Still 4 s when rounded. */
const OVERDUE_SEGMENT = 4.4 * CLOCK
/** Frames of a variable rate hit a mark this well. */
const TOLERANCE = CLOCK / 1000
/** Key frames are waited for so long at the start. */
const MAX_START_WAIT = 4 * CLOCK
/** And so long for a change of another track, which can do without one. */
const MAX_TURN_WAIT = 10 * CLOCK

/** A new header is wanted. */
interface Turn {
  /** Null when it is another rendition's parameters that changed. */
  track: Track | null
  /** Decode time of the first sample after the change. */
  since: number | null
  /** Nothing came for a while: the segment before ends where its samples do. */
  hole: boolean
}

/**
 * The rendition that decides where segments begin: the source's video, or its audio where there is no video. Times are
 * handled in 90 kHz; presentation time is decode time plus the reordering delay of the first key frame.
 */
export class Lead {
  readonly #writer: RenditionWriter
  readonly #cuts: CutList
  readonly #programTimeOf: (time: number) => number
  readonly #onCut: () => void
  /** Of the samples that come; the writer's may still be another. */
  #toClock: number
  #turn: Turn | null = null
  #firstSeen: number | null = null
  /** Presentation minus decode time. */
  #delay = 0
  /** Decode time at which the open segment begins; null before the first. */
  #segmentStart: number | null = null
  #head = 0
  /** Presentation time up to which others were packaged while this one stood still. */
  #stoodUntil = Number.NEGATIVE_INFINITY

  /** @param onCut called after each cut but the first, when the lead's segment is closed */
  constructor(
    writer: RenditionWriter,
    cuts: CutList,
    programTimeOf: (time: number) => number,
    onCut: () => void,
  ) {
    this.#writer = writer
    this.#cuts = cuts
    this.#programTimeOf = programTimeOf
    this.#onCut = onCut
    this.#toClock = CLOCK / writer.track.timescale
  }

  get started(): boolean {
    return this.#segmentStart !== null
  }

  /** Presentation time of the newest sample. */
  get head(): number {
    return this.#head
  }

  /** True while what comes can't be written before the next turn. */
  get waitsForHeader(): boolean {
    return (this.#turn?.track ?? null) !== null
  }

  /** What a frame lasts, as far as that is known. */
  get frameDuration(): number {
    return (this.#writer.expectedDuration * CLOCK) / this.#writer.track.timescale
  }

  /** Presentation time before which no further cut can come: what lies before it may be packaged. */
  get safeUntil(): number {
    if (this.#segmentStart === null) return Number.NEGATIVE_INFINITY
    const next = this.#head + this.frameDuration - TOLERANCE
    if (this.#turn) return next
    return Math.max(this.#segmentStart + this.#delay + MIN_SEGMENT - TOLERANCE, next)
  }

  /**
   * From the next sample on, a new header is needed: the next key frame cuts, with a new header in every rendition.
   * @param track what has changed in this rendition; null when it is another's parameters that did
   */
  turn(track: Track | null): void {
    if (track) this.#toClock = CLOCK / track.timescale
    if (track && this.#segmentStart === null) this.#writer.replace(track)
    else {
      const { track: before = null, since = null, hole = false } = this.#turn ?? {}
      this.#turn = { track: track ?? before, since, hole }
    }
  }

  /**
   * How long nothing came before this sample, where a segment can begin with it; 0 where frames come at no fixed rate:
   * there the one before stands.
   */
  holeBefore(sample: Sample): number {
    if (!this.started || !sample.key || this.frameDuration === 0) return 0
    return sample.dts * this.#toClock + this.#delay - this.#head - this.frameDuration
  }

  /** The next sample comes after a hole in every track: it is left out, with a new header. */
  resume(): void {
    this.#turn = { track: this.#turn?.track ?? null, since: null, hole: true }
  }

  push(sample: Sample): void {
    const dts = sample.dts * this.#toClock
    const pts = sample.pts * this.#toClock
    if (this.#segmentStart === null) {
      this.#firstSeen ??= dts
      if (!sample.key && dts - this.#firstSeen < MAX_START_WAIT) return
      this.#delay = pts - dts
      this.#begin(sample.dts, dts, null)
    } else {
      // From before a cut that was made while it stood still: its segment is closed.
      if (dts < this.#segmentStart) return
      if (!this.#turn?.hole) this.#cutOverdue(dts)
      const length = dts - this.#segmentStart
      const long = length >= (sample.key ? MIN_SEGMENT : MAX_SEGMENT) - TOLERANCE
      const due = long && dts + this.#delay >= this.#stoodUntil - TOLERANCE
      const turn = this.#turnDue(sample, dts, due)
      // With the header that holds, it can't be decoded.
      if (!turn && this.#turn?.track) return
      if (due || turn) {
        const end = this.#ticks(turn?.hole ? this.#head - this.#delay + this.frameDuration : dts)
        this.#writer.end(end, end)
        if (turn) this.#delay = pts - dts
        this.#begin(sample.dts, dts, turn)
        this.#onCut()
      }
    }
    this.#head = dts + this.#delay
    this.#writer.push(sample)
  }

  /**
   * Other tracks have come so far while this one stands still: its segments end by the clock.
   * @returns presentation time before which no cut comes any more: so far the others may be packaged
   */
  standStill(time: number): number {
    if (this.#segmentStart === null) return Number.NEGATIVE_INFINITY
    this.#cutOverdue(time - this.#delay)
    this.#stoodUntil = Math.min(time, this.#segmentStart + this.#delay + MAX_SEGMENT)
    return this.#stoodUntil
  }

  /** @param time presentation time at which the stream ends: tells how long a last segment without frames was */
  finish(time: number): void {
    this.#writer.finish(this.#ticks(time - this.#delay))
  }

  #turnDue(sample: Sample, dts: number, cutIsDue: boolean): Turn | null {
    const turn = this.#turn
    if (!turn) return null
    turn.since ??= dts
    // A player shows nothing after a new header until a key frame comes.
    const due = sample.key || (turn.track === null && cutIsDue && dts - turn.since >= MAX_TURN_WAIT)
    if (!due) return null
    this.#turn = null
    return turn
  }

  #cutOverdue(dts: number): void {
    while (this.#segmentStart !== null && dts - this.#segmentStart > OVERDUE_SEGMENT) {
      const cut = this.#segmentStart + MAX_SEGMENT
      this.#writer.end(this.#ticks(cut), null)
      this.#begin(this.#ticks(cut), cut, null)
      this.#onCut()
    }
  }

  /** In the writer's timescale. */
  #ticks(time: number): number {
    return Math.round((time * this.#writer.track.timescale) / CLOCK)
  }

  #begin(dts: number, clock: number, turn: Turn | null): void {
    this.#segmentStart = clock
    const time = clock + this.#delay
    const index = this.#cuts.add(time, turn !== null)
    if (turn) this.#writer.turn(turn.track ?? this.#writer.track, index)
    this.#writer.begin(index, dts, this.#programTimeOf(time))
  }
}
