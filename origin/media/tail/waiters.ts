/** How a wait ended. */
export type WaitResult = 'ready' | 'timeout' | 'ended' | 'aborted'

interface Waiter {
  isReady(): boolean
  settle(result: WaitResult): void
}

/** Requests that wait for something to come. Each has a deadline and can be called off; all are let go at the end. */
export class Waiters {
  readonly #waiting = new Set<Waiter>()
  #ended: 'ended' | 'aborted' | null = null

  get size(): number {
    return this.#waiting.size
  }

  /** Resolves, and never rejects, as soon as `isReady` holds at a `notify`, or at the deadline. */
  wait(isReady: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<WaitResult> {
    if (isReady()) return Promise.resolve('ready')
    if (this.#ended) return Promise.resolve(this.#ended)
    if (signal?.aborted) return Promise.resolve('aborted')
    return new Promise((resolve) => {
      const settle = (result: WaitResult) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        this.#waiting.delete(waiter)
        resolve(result)
      }
      const waiter: Waiter = { isReady, settle }
      const abort = () => settle('aborted')
      const timer = setTimeout(() => settle('timeout'), timeoutMs)
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.add(waiter)
    })
  }

  /** Something changed. */
  notify(): void {
    for (const waiter of this.#waiting) if (waiter.isReady()) waiter.settle('ready')
  }

  /** Nothing will change any more here. @param result what whoever waits is told */
  end(result: 'ended' | 'aborted' = 'ended'): void {
    this.#ended = result
    for (const waiter of this.#waiting) waiter.settle(waiter.isReady() ? 'ready' : result)
  }
}
