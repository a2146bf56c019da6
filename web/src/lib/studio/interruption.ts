import type { LiveStatus } from '@streamtube/contracts/api/resources.ts'

type Interrupted = NonNullable<LiveStatus['interrupted']>

/** How long an encoder is still waited for: in milliseconds, and as a part of the whole wait (1 to 0). */
export function leftOf({ since, until }: Interrupted, nowMs: number): { ms: number; part: number } {
  const wholeMs = Math.max(1, Date.parse(until) - Date.parse(since))
  // The site's clock and this one may differ: never more than the wait, never less than none.
  const ms = Math.min(wholeMs, Math.max(0, Date.parse(until) - nowMs))
  return { ms, part: ms / wholeMs }
}

/** What to say when an encoder goes on with a stream. */
export type Return = 'back' | 'taken-over'

/**
 * Whether an encoder has come since an earlier status, and is seen by now: the same one, or one from another address.
 * @param seenAt of the return that was told last
 */
export function returnSince(seenAt: string | null, { state, lastReturn }: LiveStatus): Return | null {
  if (state !== 'live' || !lastReturn || lastReturn.at === seenAt) return null
  return lastReturn.otherAddress ? 'taken-over' : 'back'
}
