/** How many cuts are remembered: what a rung that starts late still gets as GAP, and the most a follower may lag. */
const MAX_CUTS = 32

/** Where an epoch's segments begin, in presentation time, 90 kHz (not rounded). Bounded: the oldest are forgotten. */
export class CutList {
  readonly #cuts: { time: number; turn: boolean }[] = []
  #first = 0

  /**
   * The next segment begins here.
   * @param turn with a new header, in every rendition
   * @returns its index, from 0
   */
  add(time: number, turn = false): number {
    this.#cuts.push({ time, turn })
    if (this.#cuts.length > MAX_CUTS) {
      this.#cuts.shift()
      this.#first++
    }
    return this.#first + this.#cuts.length - 1
  }

  /** Where the segment begins, or null when that isn't known (yet, or any more). */
  at(index: number): number | null {
    return this.#cuts[index - this.#first]?.time ?? null
  }

  /** Whether the segment begins with a new header. */
  isTurn(index: number): boolean {
    return this.#cuts[index - this.#first]?.turn ?? false
  }

  /** Index of the oldest cut that is remembered. */
  get first(): number {
    return this.#first
  }

  /** Index of the newest, -1 before the first. */
  get last(): number {
    return this.#first + this.#cuts.length - 1
  }
}
