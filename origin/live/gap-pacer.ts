/** About as long as a segment: a playlist grows by one in each of these while nobody publishes. */
const GAP_MS = 2_000

/**
 * Says when the next gap of an interrupted broadcast is over: in step with real time since the last byte of its encoder,
 * by a clock that no one sets (MEDIA.md 11). Owner: the broadcast, which calls `stop`.
 */
export class GapPacer {
  readonly #onDue: () => void
  #dueAtMs: number
  #timer: NodeJS.Timeout | null = null

  /**
   * @param silentMs how long nothing has come already: so much is made up for at once
   * @param onDue called for each gap
   */
  constructor(silentMs: number, onDue: () => void) {
    this.#onDue = onDue
    this.#dueAtMs = performance.now() - silentMs + GAP_MS
    this.#run()
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #run(): void {
    const nowMs = performance.now()
    for (; this.#dueAtMs <= nowMs; this.#dueAtMs += GAP_MS) this.#onDue()
    this.#timer = setTimeout(() => this.#run(), this.#dueAtMs - nowMs)
  }
}
