/** Media that doesn't come for so long has stopped being made, or can't be had. */
const PATIENCE_MS = 4_000

/** Why nothing plays though it should: nothing unusual, the stream has paused, or the network. */
export type WaitingFor = 'media' | 'stream' | 'network'

/** What to tell a viewer whose picture stands still. */
export function waitingFor(state: {
  /** How long it has stood still. */
  waitedMs: number
  /** Since new media was listed; null for a video that is complete. */
  stillMs: number | null
  /** Requests have failed since the last one that didn't. */
  isFaltering: boolean
}): WaitingFor {
  if (state.waitedMs < PATIENCE_MS / 4) return 'media'
  if (state.isFaltering) return 'network'
  return state.stillMs !== null && state.stillMs > PATIENCE_MS ? 'stream' : 'media'
}
