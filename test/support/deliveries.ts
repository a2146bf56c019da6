import { lastStampMs } from './stamps.ts'

interface Delivery {
  /** Null until somebody has read it. */
  sentAtMs: number | null
  arrivalsMs: number[]
}

/** When each part was sent, and when it arrived at each viewer. */
export class Deliveries {
  readonly #parts = new Map<string, Delivery>()

  /** True for the first viewer that asks for a part: it has to read when that was sent. */
  isNew(address: string): boolean {
    if (this.#parts.has(address)) return false
    this.#parts.set(address, { sentAtMs: null, arrivalsMs: [] })
    return true
  }

  arrived(address: string, atMs: number, body: Buffer | null): void {
    const part = this.#parts.get(address)
    if (!part) return
    part.arrivalsMs.push(atMs)
    if (body) part.sentAtMs = lastStampMs(body)
  }

  /**
   * How late the parts were that were sent in a span of time, in ms: a value for each part and viewer, infinite where it
   * has not arrived.
   */
  lateness(fromMs: number, toMs: number, viewers: number): number[] {
    return [...this.#parts.values()].flatMap(({ sentAtMs, arrivalsMs }) => {
      if (sentAtMs === null || sentAtMs < fromMs || sentAtMs >= toMs) return []
      const missing = Math.max(0, viewers - arrivalsMs.length)
      return [
        ...arrivalsMs.map((atMs) => atMs - sentAtMs),
        ...new Array<number>(missing).fill(Number.POSITIVE_INFINITY),
      ]
    })
  }

  clear(): void {
    this.#parts.clear()
  }
}
