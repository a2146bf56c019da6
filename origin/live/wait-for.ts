const STEP_MS = 100

/**
 * Waits for a promise, for so long at most. Time in which this process itself stood still counts for one step: what it
 * waits for stood still, too.
 */
export async function waitFor(promise: Promise<unknown>, mostMs: number): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  let steps = Math.ceil(mostMs / STEP_MS)
  const timer = setInterval(() => {
    if (--steps <= 0) resolve()
  }, STEP_MS)
  try {
    await Promise.race([promise, over])
  } finally {
    clearInterval(timer)
  }
}
