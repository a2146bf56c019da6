const TICKS_PER_MS = 90
/** Two stamps that were rounded to ms, perhaps twice, are together off by no more than this. */
const TOLERANCE_MS = 1.5
/** Deltas that must agree before times are snapped. */
const FRAMES_TO_TRUST = 8
/** A grid that was kept for so long survives a clock that wanders. */
const FRAMES_TO_KEEP = 64
const MAX_OFFSET_TICKS = 2.5 * TICKS_PER_MS
const MAX_MISSED_FRAMES = 300
/** Rates above are no frame rates but units of a variable rate. */
const MAX_HINT_FRAME_RATE = 125

/** Frame durations of the usual rates in 90 kHz ticks, most usual first. */
const USUAL_STEPS = [
  3000, 1500, 3600, 1800, 3003, 1501.5, 3750, 3753.75, 4500, 6000, 9000, 1875, 7200, 7500, 750, 900, 625,
]

/**
 * Snaps a video track's milliseconds to the grid its frames stand on (MEDIA.md 1). While the stamps agree with no grid
 * (variable frame rate, before 8 deltas were seen) they pass as they are. Times always ascend.
 */
export class FrameGrid {
  #first = true
  #lastMs = 0
  /** The last time given, not rounded: steps like 3753.75 add up. */
  #exact = 0
  #lastTicks = 0
  /** 0: no grid. */
  #step = 0
  #runMs = 0
  #runFrames = 0
  /** The steps with which all stamps since #runMs agree. */
  #low = 0
  #high = Number.POSITIVE_INFINITY
  readonly #hintTicks: number

  /** @param hintFrameRate what the VUI says: the grid from the first frame on, for as long as the stamps agree with it */
  constructor(hintFrameRate: number | null) {
    this.#hintTicks = hintFrameRate && hintFrameRate <= MAX_HINT_FRAME_RATE ? 90_000 / hintFrameRate : 0
  }

  /** Ticks of 90 kHz from one frame to the next, or 0 while there is no grid. */
  get stepTicks(): number {
    return this.#step
  }

  /** @returns the frame's time in 90 kHz, above the previous one's */
  snap(timeMs: number): number {
    if (this.#first) this.#begin(timeMs)
    else if (this.#step > 0) this.#follow(timeMs)
    else this.#search(timeMs)
    this.#lastMs = timeMs
    this.#first = false
    return this.#lastTicks
  }

  #begin(timeMs: number): void {
    this.#exact = timeMs * TICKS_PER_MS
    this.#lastTicks = Math.round(this.#exact)
    this.#step = this.#hintTicks
    this.#restart(timeMs)
  }

  #restart(timeMs: number): void {
    this.#runMs = timeMs
    this.#runFrames = 0
    this.#low = 0
    this.#high = Number.POSITIVE_INFINITY
  }

  #pass(timeMs: number): void {
    this.#exact = Math.max(timeMs * TICKS_PER_MS, this.#lastTicks + 1)
    this.#lastTicks = Math.round(this.#exact)
  }

  /** Takes a stamp `frames` steps after the last into account; false when no step agrees with all of them. */
  #narrow(timeMs: number, frames: number): boolean {
    const total = this.#runFrames + frames
    const low = Math.max(this.#low, ((timeMs - this.#runMs - TOLERANCE_MS) * TICKS_PER_MS) / total)
    const high = Math.min(this.#high, ((timeMs - this.#runMs + TOLERANCE_MS) * TICKS_PER_MS) / total)
    if (low > high) return false
    this.#low = low
    this.#high = high
    this.#runFrames = total
    return true
  }

  #search(timeMs: number): void {
    const agrees = timeMs > this.#lastMs && this.#narrow(timeMs, 1)
    if (!agrees) {
      // This stamp and the one before may be the first two of a grid.
      this.#restart(this.#lastMs)
      if (timeMs <= this.#lastMs || !this.#narrow(timeMs, 1)) this.#restart(timeMs)
    }
    this.#pass(timeMs)
    if (this.#runFrames >= FRAMES_TO_TRUST) this.#step = this.#choose()
  }

  #follow(timeMs: number): void {
    const delta = (timeMs - this.#lastMs) * TICKS_PER_MS
    const frames = Math.round(delta / this.#step)
    const near = frames >= 1 && frames <= MAX_MISSED_FRAMES
    const kept = near && (this.#narrow(timeMs, frames) || this.#keepAfterWandering(timeMs, delta, frames))
    if (!kept) {
      this.#step = 0
      this.#pass(timeMs)
      this.#restart(timeMs)
      return
    }
    if (this.#step < this.#low || this.#step > this.#high) this.#step = this.#choose()
    const exact = this.#exact + frames * this.#step
    if (Math.abs(exact - timeMs * TICKS_PER_MS) > MAX_OFFSET_TICKS) this.#pass(timeMs)
    else {
      this.#exact = exact
      this.#lastTicks = Math.max(Math.round(exact), this.#lastTicks + 1)
    }
  }

  #keepAfterWandering(timeMs: number, delta: number, frames: number): boolean {
    if (this.#runFrames < FRAMES_TO_KEEP) return false
    if (Math.abs(delta - frames * this.#step) > TOLERANCE_MS * TICKS_PER_MS) return false
    this.#restart(this.#lastMs)
    return this.#narrow(timeMs, frames)
  }

  #choose(): number {
    const fits = (step: number) => step >= this.#low && step <= this.#high
    if (this.#hintTicks > 0 && fits(this.#hintTicks)) return this.#hintTicks
    return USUAL_STEPS.find(fits) ?? (this.#low + this.#high) / 2
  }
}
