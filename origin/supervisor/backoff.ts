const FIRST_MS = 500
const LONGEST_MS = 30_000

/** A part that has run this long counts as healthy: its next restart is quick again. */
export const HEALTHY_AFTER_MS = 60_000

/**
 * How long to wait before a part is started again: 0.5 s, doubled with each death in a row, 30 s at most.
 * @param deathsInRow 1 for the first one
 */
export function restartDelayMs(deathsInRow: number): number {
  return Math.min(FIRST_MS * 2 ** (deathsInRow - 1), LONGEST_MS)
}

/** Counts deaths in a row; a healthy minute before this one starts the count anew. */
export function countDeath(before: number, ranMs: number): number {
  return ranMs >= HEALTHY_AFTER_MS ? 1 : before + 1
}
