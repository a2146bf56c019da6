import { mediaRemedy, TRIES, waitBeforeRetryMs } from './recovery.ts'

/** Counts failures, and tries again after the right wait. Its owner calls `stop`. */
export class Retries {
  /** Failures since the last success. */
  failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #stumblesMs: number[] = []

  /** Tries again later; false when it has been tried often enough. */
  later(retry: () => void): boolean {
    if (this.failures >= TRIES) return false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(retry, waitBeforeRetryMs(this.failures++, Math.random()))
    return true
  }

  /** The decoder has stumbled: what to do about it. */
  stumbled(nowMs: number): ReturnType<typeof mediaRemedy> {
    this.#stumblesMs = [...this.#stumblesMs, nowMs].slice(-3)
    return mediaRemedy(this.#stumblesMs, nowMs)
  }

  /** It works again, or is begun anew. */
  reset(): void {
    this.failures = 0
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
