/** A loop's bell: it waits until somebody rings or a time has passed. A ring between two waits ends the next at once. */
export class Wake {
  #rung = false
  #answer: (() => void) | null = null

  ring(): void {
    this.#rung = true
    this.#answer?.()
  }

  /** @returns true when it was rung, false when `ms` passed or `signal` was aborted */
  async wait(ms: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const answer = () => {
          clearTimeout(timer)
          signal.removeEventListener('abort', answer)
          resolve()
        }
        const timer = setTimeout(answer, ms)
        this.#answer = answer
        signal.addEventListener('abort', answer, { once: true })
      })
      this.#answer = null
    }
    const rung = this.#rung
    this.#rung = false
    return rung
  }
}
