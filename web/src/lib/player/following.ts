import {
  catchUpRate,
  type LiveMargin,
  marginAfterCalm,
  marginAfterStall,
  noMargin,
} from './latency-policy.ts'

/** Further behind its target than this (seconds), a viewer is taken to live at once: catching up would take minutes. */
const JUMP_S = 5
/** Standing still for so long while new media is listed, playing is hung up on something: live is beyond it. */
const STUCK_MS = 3_000
/** A jump has this long to show that it worked. */
const JUMP_PAUSE_MS = 5_000
/** Media was listed so lately that live can be loaded. */
const FRESH_MS = 1_500
/** With more than this left (seconds), it wasn't the media that was missing: a busy machine, which no margin helps. */
const STARVED_S = 0.5
/** Within this distance of the target (seconds) a viewer counts as live. */
const LIVE_TOLERANCE_S = 4
/** Weight of a new measurement of the distance: reloads come with the network's jitter. */
const WEIGHT = 0.3

/** What the playlist says about live. Seconds on the element's clock. */
export interface LiveClock {
  /** The end of the media that there is by now, listed or about to be. */
  readonly edgeS: number
  /** How far behind that the playlist wants players to stay. */
  readonly holdBackS: number
  /** Since the playlist last listed new media. */
  readonly stillMs: number
}

/** The player at one moment. */
export interface Sight {
  readonly nowMs: number
  readonly live: LiveClock
  readonly positionS: number
  /** Seconds that can be played without anything more arriving. */
  readonly bufferS: number
  /** The viewer paused it, or it is seeking. */
  readonly isHeld: boolean
}

/** A viewer and live: whether they are to stay together, and how well that goes. */
export interface Following {
  /** False for a viewer who went back in time, or came back late from a pause. */
  readonly isFollowing: boolean
  /** Distance from the end of the media, smoothed; null before it is known. */
  readonly latencyS: number | null
  readonly targetS: number
  readonly margin: LiveMargin
  readonly rate: number
  readonly stalls: number
  readonly waitingSinceMs: number | null
  /** It waits for media, not for the machine. */
  readonly isStarved: boolean
  readonly jumpedAtMs: number
}

export const startFollowing: Following = {
  isFollowing: true,
  latencyS: null,
  targetS: 0,
  margin: noMargin,
  rate: 1,
  stalls: 0,
  waitingSinceMs: null,
  isStarved: false,
  jumpedAtMs: -Infinity,
}

/** Takes in how things stand; asks for a jump to live where the speed alone won't do. */
export function look(state: Following, sight: Sight): { next: Following; jump: boolean } {
  const { nowMs, live, isHeld } = sight
  const measuredS = Math.max(0, live.edgeS - sight.positionS)
  const waitedMs = state.waitingSinceMs === null ? 0 : nowMs - state.waitingSinceMs
  const margin = waitedMs > 0 ? state.margin : marginAfterCalm(state.margin, nowMs)
  const targetS = live.holdBackS + margin.extraS
  const latencyS = smooth(state.latencyS, measuredS)
  const seen = { ...state, margin, targetS, latencyS }
  if (isHeld || !state.isFollowing) return { next: { ...seen, latencyS: measuredS, rate: 1 }, jump: false }
  const isBehind = measuredS - targetS > JUMP_S || waitedMs > STUCK_MS
  if (isBehind && live.stillMs < FRESH_MS && nowMs - state.jumpedAtMs > JUMP_PAUSE_MS)
    return { next: { ...seen, latencyS: null, rate: 1, jumpedAtMs: nowMs }, jump: true }
  const rate = waitedMs > 0 ? 1 : catchUpRate({ latencyS, targetS, bufferS: sight.bufferS, rate: state.rate })
  return { next: { ...seen, rate }, jump: false }
}

/** Playing has come to a halt with so much media left, in seconds. */
export function beginWaiting(state: Following, nowMs: number, bufferS: number): Following {
  if (state.waitingSinceMs !== null) return state
  return { ...state, stalls: state.stalls + 1, waitingSinceMs: nowMs, isStarved: bufferS < STARVED_S }
}

/** Playing goes on. */
export function endWaiting(state: Following, nowMs: number): Following {
  if (state.waitingSinceMs === null) return state
  const waitedMs = nowMs - state.waitingSinceMs
  const teaches = state.isFollowing && state.isStarved
  const margin = teaches ? marginAfterStall(state.margin, waitedMs, nowMs) : state.margin
  return { ...state, margin, waitingSinceMs: null }
}

/** The position was moved, or playing goes on after a pause: close to live follows it, going back leaves it. */
export function moved(state: Following, live: LiveClock, fromS: number, toS: number): Following {
  const isNear = live.edgeS - toS - (live.holdBackS + state.margin.extraS) < LIVE_TOLERANCE_S
  const isFollowing = isNear || (state.isFollowing && toS > fromS)
  return { ...state, isFollowing, latencyS: null, waitingSinceMs: null }
}

/** Close enough to be called live. */
export function isAtLive({ latencyS, targetS }: Following): boolean {
  return latencyS === null || latencyS - targetS < LIVE_TOLERANCE_S
}

function smooth(before: number | null, measured: number): number {
  // What changed at once is no jitter.
  if (before === null || Math.abs(measured - before) > 1) return measured
  return before + WEIGHT * (measured - before)
}
