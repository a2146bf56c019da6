/** Stable codes for the creator's page and the metrics. */
export type SpoolProblem = 'disk-full' | 'spool-failing'

/** How the spool's disk does. `failing`: nobody waits for it; it is tried again at `tryAtMs`. */
export type DiskState =
  | { name: 'well' }
  | { name: 'failing'; problem: SpoolProblem; sinceMs: number; tryAtMs: number }

export type DiskEvent =
  | { type: 'written'; tookMs: number }
  /** A write has been under way for `SLOW_MS`. */
  | { type: 'overdue' }
  | { type: 'failed'; code: string | null }

/** A write that takes longer holds up the listing of segments. */
export const SLOW_MS = 500
/** A disk that was in trouble counts as well again when it is a good deal faster than that. */
const WELL_MS = SLOW_MS / 2
const TRY_AGAIN_MS = 1000

/**
 * The state after an event; the same object where nothing changes.
 * @param nowMs of a clock that is never set
 */
export function nextDiskState(state: DiskState, event: DiskEvent, nowMs: number): DiskState {
  switch (event.type) {
    case 'written':
      return event.tookMs < WELL_MS && state.name === 'failing' ? { name: 'well' } : state
    case 'overdue':
      return failing(state, 'spool-failing', nowMs, nowMs)
    case 'failed':
      return failing(state, problemOf(event.code), nowMs, nowMs + TRY_AGAIN_MS)
    default:
      return event satisfies never
  }
}

/** Whether a record may be written now. @param busy a write is under way */
export function mayWrite(state: DiskState, busy: boolean, nowMs: number): boolean {
  return state.name === 'well' || (!busy && nowMs >= state.tryAtMs)
}

function failing(state: DiskState, problem: SpoolProblem, nowMs: number, tryAtMs: number): DiskState {
  const sinceMs = state.name === 'failing' ? state.sinceMs : nowMs
  return { name: 'failing', problem, sinceMs, tryAtMs }
}

function problemOf(code: string | null): SpoolProblem {
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'spool-failing'
}
