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

/** Failures of the decoder count together within this time. */
const MEDIA_SPELL_MS = 30_000

/**
 * What to do when the decoder stumbles: give it a fresh start; the second time soon after, load everything anew (a live
 * stream goes on at live, past what it stumbled over); then it can't play this.
 * @param stumblesMs when it stumbled, the last time included
 */
export function mediaRemedy(stumblesMs: readonly number[], nowMs: number): 'restart' | 'reload' | 'give-up' {
  const recent = stumblesMs.filter((atMs) => nowMs - atMs < MEDIA_SPELL_MS).length
  if (recent <= 1) return 'restart'
  return recent === 2 ? 'reload' : 'give-up'
}
