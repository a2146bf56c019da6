import { flvTimeMs } from '../flv/writer.ts'
import { VIDEO_TIMESCALE } from '../types.ts'

/** What an encoder may lag behind its input, in frames: 17 s at 60 fps. */
const MAX_TIMES = 1024
const WRAP = 2 ** 32
/** In decoding order, no frame stands further than this from where it is shown. */
const MAX_REORDERING = VIDEO_TIMESCALE
/** Times went through milliseconds. */
const TOLERANCE = 90

/**
 * Gives a rung's samples the source's exact times back. They went to the encoder in FLV's milliseconds and came back with
 * the same ones; from those alone, rungs would not be cut at equal times (MEDIA.md 7).
 */
export class RungClock {
  readonly #ticksByMs = new Map<number, number>()
  /** Presentation times, in the order of decoding. */
  #frames: number[] = []
  #lastMs = 0
  #lastTicks = 0

  /** Remembers a time that was given to the encoder, in 90 kHz. */
  remember(ticks: number): void {
    const ms = flvTimeMs(ticks, VIDEO_TIMESCALE) % WRAP
    this.#ticksByMs.set(ms, ticks)
    this.#lastMs = ms
    this.#lastTicks = ticks
    if (this.#ticksByMs.size <= MAX_TIMES) return
    for (const oldest of this.#ticksByMs.keys()) {
      this.#ticksByMs.delete(oldest)
      break
    }
  }

  /** Remembers when a frame of the source is shown, in 90 kHz. */
  show(pts: number): void {
    this.#frames.push(pts)
    if (this.#frames.length > 2 * MAX_TIMES) this.#frames = this.#frames.slice(-MAX_TIMES)
  }

  /** How many frames the source shows after one time and before another, in 90 kHz. */
  framesBetween(after: number, before: number): number {
    let count = 0
    for (let index = this.#frames.length - 1; index >= 0; index--) {
      const pts = this.#frames[index] ?? 0
      if (pts < after - MAX_REORDERING) break
      if (pts > after + TOLERANCE && pts < before - TOLERANCE) count++
    }
    return count
  }

  /** The exact time of a stamp that came back, in 90 kHz; a time that was never given is converted as it is. */
  exact(stampMs: number): number {
    const exact = this.#ticksByMs.get(stampMs)
    if (exact !== undefined) return exact
    let distance = stampMs - this.#lastMs
    if (distance > WRAP / 2) distance -= WRAP
    else if (distance < -WRAP / 2) distance += WRAP
    return Math.round(this.#lastTicks + distance * 90)
  }
}
