import { setTimeout as wait } from 'node:timers/promises'

export interface RetryOptions {
  /** Its abort gives up: the last failure is thrown. */
  signal: AbortSignal
  /** Told of every failure; `attempt` counts from 1. */
  onFailure(error: unknown, attempt: number): void
  /** Failures for which trying again is of no use. */
  isFinal?(error: unknown): boolean
  firstDelayMs?: number
  longestDelayMs?: number
}

/** Time before the next attempt: doubles from the first delay up to the longest. `attempt` counts from 1. */
export function backOffMs(attempt: number, firstDelayMs = 250, longestDelayMs = 10_000): number {
  return Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1))
}

/**
 * Runs until it succeeds, with pauses that grow.
 * @throws the last failure, when the signal is aborted or the failure is final
 */
export async function retry<T>(run: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (options.signal.aborted || options.isFinal?.(error)) throw error
      options.onFailure(error, attempt)
      try {
        await wait(backOffMs(attempt, options.firstDelayMs, options.longestDelayMs), undefined, {
          signal: options.signal,
        })
      } catch {
        throw error
      }
    }
  }
}
