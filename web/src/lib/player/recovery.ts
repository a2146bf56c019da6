const FIRST_MS = 500
const LONGEST_MS = 8_000

/** How many failures in a row before the viewer is asked to try again. About two minutes of trying. */
export const TRIES = 18

/**
 * How long to wait before try number `attempt` (from 0): doubling up to 8 s, spread by up to a fifth, so that viewers
 * who lost the same server don't come back in one wave.
 * @param random from 0 to 1
 */
export function waitBeforeRetryMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt)
  return Math.round(full * (1 - 0.2 * random))
}
