/** A look that comes later than this after the one before says that this process stood still, or the machine slept. */
const STOOD_STILL_MS = 5_000

/**
 * Knows since when nodes could be heard without a break: from the start, or from the last time that this process stood
 * still or the clock was set. Silence before that says nothing about a node.
 * @returns the moment, in milliseconds since the Unix epoch; ask about once a second
 */
export function createHearing(now: () => number): () => number {
  let sinceMs = now()
  let lookedAtMs = sinceMs
  return () => {
    const nowMs = now()
    if (nowMs - lookedAtMs > STOOD_STILL_MS || nowMs < lookedAtMs) sinceMs = nowMs
    lookedAtMs = nowMs
    return sinceMs
  }
}
