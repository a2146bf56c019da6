import type { BroadcastState } from './broadcast-state.ts'
import type { Pulse } from './pulse.ts'

/** A publisher that was heard of, and whose encoder sent something, in this time is alive: a second one is refused. */
export const ALIVE_MS = 5_000
/** The database hears of reports once in this time: often enough to find the silent ones. */
export const REPORT_STEP_MS = 5_000
/**
 * A node that says nothing for this long is silent: its broadcasts count as interrupted since it was heard last. None ends
 * sooner, however short it waits for encoders, which a node that was only slow still has.
 */
export const SILENT_MS = 10_000

/** What is known of a broadcast's newest publisher. */
export interface Heard {
  epoch: number
  /** From its row: trails the newest report. */
  lastReportAtMs: number
  /** From kv: null when there is none, or kv is away. */
  pulse: Pulse | null
  /** Since when nodes could be heard without a break. */
  hearingSinceMs: number
  nowMs: number
}

/** When the newest publisher was heard of last, as far as is known. */
export function heardAtMs({ epoch, lastReportAtMs, pulse }: Omit<Heard, 'hearingSinceMs' | 'nowMs'>): number {
  return pulse?.epoch === epoch ? Math.max(pulse.reportedAtMs, lastReportAtMs) : lastReportAtMs
}

/** True when a second publisher is refused: the first one's encoder is there, or may be as far as anybody knows. */
export function mayBeAlive(state: BroadcastState, heard: Heard): boolean {
  if (!hasPublisher(state)) return false
  const { pulse, epoch, hearingSinceMs, nowMs } = heard
  if (hearingSinceMs > nowMs - ALIVE_MS) return true
  // Without kv only the row is left, behind which it may have been heard of.
  const trailsMs = pulse === null ? REPORT_STEP_MS : 0
  if (heardAtMs(heard) <= nowMs - ALIVE_MS - trailsMs) return false
  return pulse?.epoch !== epoch || pulse.silentMs < ALIVE_MS
}

/** True when a live broadcast's node is silent. */
export function isSilent(heard: Heard): boolean {
  const beforeMs = heard.nowMs - SILENT_MS
  return heardAtMs(heard) <= beforeMs && heard.hearingSinceMs <= beforeMs
}

/**
 * True when a broadcast was waited for long enough: where an encoder is away, its window; where one was let in and its
 * node says nothing of it, some seconds at least. While nobody could be heard or let in, no time passes.
 */
export function isWaitOver(state: BroadcastState, windowMs: number, heard: Heard): boolean {
  const waited = (sinceMs: number, forMs: number) =>
    Math.max(sinceMs, heard.hearingSinceMs) + forMs <= heard.nowMs
  if (state.name === 'offered' || (state.name === 'interrupted' && state.offered)) {
    return waited(heardAtMs(heard), Math.max(windowMs, SILENT_MS))
  }
  return state.name === 'interrupted' && waited(state.sinceMs, windowMs)
}

function hasPublisher(state: BroadcastState): boolean {
  return state.name === 'offered' || state.name === 'live' || (state.name === 'interrupted' && state.offered)
}
