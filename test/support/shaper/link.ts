/** How a link between two machines is. */
export interface LinkConditions {
  /** One way. */
  delayMs: number
  /** On top of the delay, up to this much, drawn for each read. */
  jitterMs: number
  /** What it carries; null: whatever comes. */
  rateBps: number | null
  /**
   * Losses, as an application sees them over TCP: the connection's bytes stand still until the lost one has come
   * again. Null: none.
   */
  holds: { everyMs: number; shortestMs: number; longestMs: number } | null
}

export const perfect: LinkConditions = { delayMs: 0, jitterMs: 0, rateBps: null, holds: null }

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One direction of one connection: says when bytes arrive, never before those sent earlier. Times in milliseconds. */
export class Link {
  readonly #random: () => number
  #arrivedMs = 0
  #sentMs = 0
  #nextHoldMs: number | null = null

  constructor(random: () => number) {
    this.#random = random
  }

  /** When bytes that are sent now will be there. */
  arrival(nowMs: number, sizeBytes: number, conditions: LinkConditions): number {
    const { delayMs, jitterMs, rateBps } = conditions
    // They leave after those before them have left.
    this.#sentMs = Math.max(nowMs, this.#sentMs) + (rateBps === null ? 0 : (sizeBytes * 8000) / rateBps)
    const arrivesMs = this.#sentMs + delayMs + this.#random() * jitterMs + this.#hold(nowMs, conditions)
    this.#arrivedMs = Math.max(this.#arrivedMs, arrivesMs)
    return this.#arrivedMs
  }

  #hold(nowMs: number, { holds }: LinkConditions): number {
    if (!holds) {
      this.#nextHoldMs = null
      return 0
    }
    // Exponential pauses between holds: they are as likely at any moment as at any other.
    const pause = () => -Math.log(1 - this.#random()) * holds.everyMs
    this.#nextHoldMs ??= nowMs + pause()
    if (nowMs < this.#nextHoldMs) return 0
    const holdMs = holds.shortestMs + this.#random() * (holds.longestMs - holds.shortestMs)
    this.#nextHoldMs = nowMs + holdMs + pause()
    return holdMs
  }
}
