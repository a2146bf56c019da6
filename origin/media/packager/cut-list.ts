/** How many cuts are remembered: what a rung that starts late still gets as GAP, and the most a follower may lag. */
const MAX_CUTS = 32

/** Where an epoch's segments begin, in presentation time, 90 kHz (not rounded). Bounded: the oldest are forgotten. */
export class CutList {
  readonly #times: number[] = []
  #first = 0

  /** The next segment begins here. @returns its index, from 0 */
  add(time: number): number {
    this.#times.push(time)
    if (this.#times.length > MAX_CUTS) {
      this.#times.shift()
      this.#first++
    }
    return this.#first + this.#times.length - 1
  }

  /** Where the segment begins, or null when that isn't known (yet, or any more). */
  at(index: number): number | null {
    return this.#times[index - this.#first] ?? null
  }

  /** Index of the oldest cut that is remembered. */
  get first(): number {
    return this.#first
  }

  /** Index of the newest, -1 before the first. */
  get last(): number {
    return this.#first + this.#times.length - 1
  }
}
