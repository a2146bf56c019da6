/** The first stall adds this to the distance from live, in seconds; each further one doubles it and adds it again. */
const FIRST_STEP_S = 0.25
/** Stalls push a viewer no further back than this, in seconds. */
const MOST_EXTRA_S = 3
/** A wait longer than this is an outage that no buffer of ours would have bridged, in milliseconds. */
const OUTAGE_MS = 4_000
/** So long without a stall, and half of what stalls have added is given back, in milliseconds. */
const CALM_MS = 20_000
const LONGEST_CALM_MS = 320_000

/** What stalls have taught about the distance from live that this viewer needs. */
export interface LiveMargin {
  /** On top of what the playlist recommends, in seconds. */
  readonly extraS: number
  /** How long it must be calm before some of it is given back, in milliseconds. */
  readonly calmMs: number
  /** When it last changed. */
  readonly changedAtMs: number
  readonly change: 'none' | 'grown' | 'shrunk'
}

export const noMargin: LiveMargin = { extraS: 0, calmMs: CALM_MS, changedAtMs: 0, change: 'none' }

/**
 * The margin after playing stood still for `waitedMs`: longer, unless that was an outage. A stall soon after some of it
 * was given back shows that it was needed, so the next calm must be twice as long.
 */
export function marginAfterStall(margin: LiveMargin, waitedMs: number, nowMs: number): LiveMargin {
  if (waitedMs > OUTAGE_MS) return { ...margin, changedAtMs: nowMs }
  const wasNeeded = margin.change === 'shrunk' && nowMs - margin.changedAtMs < 2 * margin.calmMs
  return {
    extraS: Math.min(MOST_EXTRA_S, margin.extraS * 2 + FIRST_STEP_S),
    calmMs: wasNeeded ? Math.min(LONGEST_CALM_MS, margin.calmMs * 2) : CALM_MS,
    changedAtMs: nowMs,
    change: 'grown',
  }
}

/** The margin at `nowMs` without a further stall: half of it is given back after each calm time, at last all. */
export function marginAfterCalm(margin: LiveMargin, nowMs: number): LiveMargin {
  if (margin.extraS === 0 || nowMs - margin.changedAtMs < margin.calmMs) return margin
  const half = margin.extraS / 2
  return { ...margin, extraS: half < FIRST_STEP_S / 2 ? 0 : half, changedAtMs: nowMs, change: 'shrunk' }
}

/** Faster is heard; with the pitch kept, this much is not. */
const FASTEST = 1.08
const SLOWEST = 0.95
/** Distances from the target, in seconds, at which the speed begins to differ, and to be normal again. */
const BEGIN_S = 0.12
const SETTLED_S = 0.03
/** With less than this left to play, in seconds, there is nothing to be gained by playing it faster. */
const RESERVE_S = 0.25

/** The speed that brings a viewer from `latencyS` to `targetS` behind live; `rate` is the speed until now. */
export function catchUpRate(state: {
  latencyS: number
  targetS: number
  /** Seconds that can be played without anything more arriving. */
  bufferS: number
  rate: number
}): number {
  const tooLateS = state.latencyS - state.targetS
  if (tooLateS > (state.rate > 1 ? SETTLED_S : BEGIN_S))
    return state.bufferS < RESERVE_S ? 1 : Math.min(FASTEST, 1.02 + Math.floor(tooLateS * 5) / 50)
  return -tooLateS > (state.rate < 1 ? SETTLED_S : BEGIN_S) ? SLOWEST : 1
}
