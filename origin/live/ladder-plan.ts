/** How many of a ladder's rungs are given up at present, tallest first, and when one may be tried again. */
export interface LadderPlan {
  dropped: number
  /** When one was given up or taken back last. */
  changedAtMs: number
  /** Since when there has been room for one more; null while there is none. */
  roomSinceMs: number | null
  /** For how long there must be room before one is tried again. */
  patienceMs: number
  /** When one was taken back last; null: never. */
  triedAtMs: number | null
}

/** What is seen of the encoder and of the machine. */
export interface LadderSight {
  /** The encoder has been below real time for too long (MEDIA.md 19). */
  tooSlow: boolean
  /** The machine has room for the rung that was given up last. */
  room: boolean
}

const FIRST_PATIENCE_MS = 3 * 60_000
const LONGEST_PATIENCE_MS = 30 * 60_000
/** A rung that was taken back and lasted for so long stays: what comes then is another trouble. */
const LASTED_MS = 10 * 60_000

export function freshPlan(nowMs: number): LadderPlan {
  return { dropped: 0, changedAtMs: nowMs, roomSinceMs: null, patienceMs: FIRST_PATIENCE_MS, triedAtMs: null }
}

/**
 * The plan after a look; the same object where nothing changes. The top rung is given up when the encoder is too slow,
 * then the next. One is taken back when there has been room for minutes, and each time that this was of no use, the next
 * try waits twice as long: whoever watches must not see a quality come and go.
 * @param rungs how many the ladder has
 */
export function nextPlan(plan: LadderPlan, sight: LadderSight, rungs: number, nowMs: number): LadderPlan {
  if (sight.tooSlow && plan.dropped < rungs) {
    const inVain = plan.triedAtMs !== null && nowMs - plan.triedAtMs < LASTED_MS
    return {
      dropped: plan.dropped + 1,
      changedAtMs: nowMs,
      roomSinceMs: null,
      patienceMs: inVain ? Math.min(LONGEST_PATIENCE_MS, plan.patienceMs * 2) : FIRST_PATIENCE_MS,
      triedAtMs: null,
    }
  }
  if (plan.dropped === 0) return plan
  if (!sight.room) return plan.roomSinceMs === null ? plan : { ...plan, roomSinceMs: null }
  const roomSinceMs = plan.roomSinceMs ?? nowMs
  if (nowMs - roomSinceMs >= plan.patienceMs) {
    return { ...plan, dropped: plan.dropped - 1, changedAtMs: nowMs, roomSinceMs: null, triedAtMs: nowMs }
  }
  return plan.roomSinceMs === null ? { ...plan, roomSinceMs } : plan
}
