import type { Sample } from '../types.ts'
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

/**
 * The rendition that decides where segments begin: the source's video, or its audio where there is no video. Times are
 * handled in 90 kHz; presentation time is decode time plus the reordering delay of the first key frame.
 */
export class Lead {
  readonly #writer: RenditionWriter
  readonly #cuts: CutList
  readonly #programTimeOf: (time: number) => number
  readonly #onCut: () => void
  readonly #toClock: number
  #firstSeen: number | null = null
  /** Presentation minus decode time. */
  #delay = 0
  /** Decode time at which the open segment begins; null before the first. */
  #segmentStart: number | null = null
  #head = 0

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

  /** What a frame lasts, as far as that is known. */
  get frameDuration(): number {
    return this.#writer.expectedDuration * this.#toClock
  }

  /** Presentation time before which no further cut can come: what lies before it may be packaged. */
  get safeUntil(): number {
    if (this.#segmentStart === null) return Number.NEGATIVE_INFINITY
    const earliest = this.#segmentStart + this.#delay + MIN_SEGMENT - TOLERANCE
    return Math.max(earliest, this.#head + this.frameDuration - TOLERANCE)
  }

  push(sample: Sample): void {
    const dts = sample.dts * this.#toClock
    const pts = sample.pts * this.#toClock
    if (this.#segmentStart === null) {
      this.#firstSeen ??= dts
      if (!sample.key && dts - this.#firstSeen < MAX_START_WAIT) return
      this.#delay = pts - dts
      this.#begin(sample.dts, dts)
    } else {
      // From before a cut that was made while it stood still: its segment is closed.
      if (dts < this.#segmentStart) return
      this.#cutOverdue(dts)
      const length = dts - this.#segmentStart
      const due = length >= MAX_SEGMENT - TOLERANCE || (sample.key && length >= MIN_SEGMENT - TOLERANCE)
      if (due) {
        this.#writer.end(sample.dts, sample.dts)
        this.#begin(sample.dts, dts)
        this.#onCut()
      }
    }
    this.#head = dts + this.#delay
    this.#writer.push(sample)
  }

  /** Other tracks have come so far while this one stands still: its segments end by the clock. */
  standStill(time: number): void {
    if (this.#segmentStart === null) return
    this.#cutOverdue(time - this.#delay)
  }

  /** @param time presentation time at which the stream ends: tells how long a last segment without frames was */
  finish(time: number): void {
    this.#writer.finish(Math.round((time - this.#delay) / this.#toClock))
  }

  #cutOverdue(dts: number): void {
    while (this.#segmentStart !== null && dts - this.#segmentStart > OVERDUE_SEGMENT) {
      const cut = this.#segmentStart + MAX_SEGMENT
      this.#writer.end(Math.round(cut / this.#toClock), null)
      this.#begin(Math.round(cut / this.#toClock), cut)
      this.#onCut()
    }
  }

  #begin(dts: number, clock: number): void {
    this.#segmentStart = clock
    const time = clock + this.#delay
    const index = this.#cuts.add(time)
    this.#writer.begin(index, dts, this.#programTimeOf(time))
  }
}
