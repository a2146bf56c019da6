/** Behind its input by more than this, an encoder has work that waits. What a pipe and reordered frames take is less. */
const BEHIND_MS = 500
/** So long without such work, and it has caught up: after a loss, one at 85 % of real time gets as far behind by then. */
const WELL_MS = 4_000
/** After a loss it waits for a key frame: of that time, what an encoder with key frames every 2 s takes. */
const LONGEST_WAIT_MS = 2_000
/** Below real time for this long: too much is asked of the machine (MEDIA.md 19). */
export const TOO_SLOW_MS = 5_000
/** Time to begin in. It isn't behind before its first frames came. */
const START_MS = 5_000
/** Between two looks; longer ones mean that our own process stood still, of which the encoder can't be accused. */
const LONGEST_STEP_MS = 500

/**
 * Measures whether one run of an encoder keeps real time: by the times of what it was given and what came back, of its
 * slowest rung. Media time in ms modulo 2^32 as FLV has it, real time from any origin. Pure but for its own state.
 */
export class PaceMeter {
  readonly #startedAtMs: number
  /** Where each rung's output has come to; null before its first frame. */
  readonly #made: Map<string, number | null>
  /** Newest media time that was given and not thrown away; null while there is none. */
  #given: number | null = null
  #firstGiven: number | null = null
  #lastLookMs: number
  #behindMs = 0
  #wellMs = 0
  #quietMs = 0
  /** Of the wait for a key frame, what may still count. */
  #waitMs = 0

  constructor(rungIds: readonly string[], nowMs: number) {
    this.#made = new Map(rungIds.map((id) => [id, null]))
    this.#startedAtMs = nowMs
    this.#lastLookMs = nowMs
  }

  /** A sample was handed to the encoder. */
  given(dtsMs: number): void {
    this.#given = dtsMs
    this.#firstGiven ??= dtsMs
  }

  /** What waited was thrown away: the next sample that is given will be a key frame. */
  lost(): void {
    this.#given = null
    this.#waitMs = LONGEST_WAIT_MS
    this.#wellMs = 0
  }

  /** A frame of a rung came back. */
  made(rungId: string, ptsMs: number): void {
    this.#made.set(rungId, ptsMs)
    this.#quietMs = 0
  }

  /** Takes the time since the last call into account; call it several times a second. */
  look(nowMs: number): void {
    const stepMs = Math.min(LONGEST_STEP_MS, nowMs - this.#lastLookMs)
    this.#lastLookMs = nowMs
    const beginning = nowMs - this.#startedAtMs < START_MS && [...this.#made.values()].includes(null)
    if (beginning) return
    if (this.#given === null) {
      const waitedMs = Math.min(stepMs, this.#waitMs)
      this.#waitMs -= waitedMs
      this.#behindMs += waitedMs
    } else if (this.lagMs > BEHIND_MS) {
      this.#behindMs += stepMs
      this.#quietMs += stepMs
      this.#wellMs = 0
    } else {
      this.#wellMs += stepMs
      if (this.#wellMs >= WELL_MS) this.#behindMs = 0
    }
  }

  /** How far the slowest rung is behind what was given. */
  get lagMs(): number {
    const { given, firstGiven } = { given: this.#given, firstGiven: this.#firstGiven }
    if (given === null || firstGiven === null) return 0
    const lags = [...this.#made.values()].map((made) => difference(given, made ?? firstGiven))
    return Math.max(0, ...lags)
  }

  /** How long the encoder has been below real time, without having caught up. */
  get behindMs(): number {
    return this.#behindMs
  }

  /** How long nothing at all came back though something should have. */
  get quietMs(): number {
    return this.#quietMs
  }
}

/** On FLV's clock, which wraps after 49 days. */
function difference(oneMs: number, otherMs: number): number {
  return (oneMs - otherMs) | 0
}
