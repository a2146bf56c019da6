const MAX_OFFSET_MS = 100

/**
 * Gives audio frames their times by counting samples (MEDIA.md 1), so that FLV's milliseconds don't make gaps. Goes by
 * the stamps again only when they are off by more than 100 ms.
 */
export class SampleCounter {
  readonly #sampleRate: number
  readonly #samplesPerFrame: number
  #next: number | null = null
  #dropping = false

  /** Holes that the stamps opened so far. */
  holes = 0

  constructor(sampleRate: number, samplesPerFrame: number) {
    this.#sampleRate = sampleRate
    this.#samplesPerFrame = samplesPerFrame
  }

  /** @returns the frame's time in samples, or null when it is one too many and must be dropped */
  count(timeMs: number): number | null {
    const stamp = (timeMs * this.#sampleRate) / 1000
    if (this.#next === null) return this.#take(Math.max(0, Math.round(stamp)))
    const offset = stamp - this.#next
    const limit = (MAX_OFFSET_MS * this.#sampleRate) / 1000
    if (offset > limit) {
      this.holes++
      return this.#take(Math.round(stamp))
    }
    // There are more frames than time: drop until the stamps have caught up, not just until they are 100 ms off.
    if (offset < -limit) this.#dropping = true
    else if (offset >= 0) this.#dropping = false
    return this.#dropping ? null : this.#take(this.#next)
  }

  #take(at: number): number {
    this.#next = at + this.#samplesPerFrame
    this.#dropping = false
    return at
  }
}
