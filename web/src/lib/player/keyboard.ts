import type { PlaybackKind } from '@streamtube/contracts/claims.ts'

/** What a key does to the player. Times in seconds, volume from 0 to 1. */
export type PlayerAction =
  | { type: 'toggle-play' }
  | { type: 'seek-by'; seconds: number }
  | { type: 'seek-to-fraction'; fraction: number }
  | { type: 'seek-to-end' }
  | { type: 'volume-by'; amount: number }
  | { type: 'toggle-mute' }
  | { type: 'toggle-fullscreen' }
  | { type: 'toggle-theatre' }
  | { type: 'toggle-picture-in-picture' }
  | { type: 'step-frames'; frames: number }
  | { type: 'rate-by'; steps: number }
  | { type: 'toggle-statistics' }
  | { type: 'show-shortcuts' }

export interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

export interface PlayerContext {
  kind: PlaybackKind
  paused: boolean
}

const always = new Map<string, PlayerAction>([
  ['k', { type: 'toggle-play' }],
  [' ', { type: 'toggle-play' }],
  ['j', { type: 'seek-by', seconds: -10 }],
  ['l', { type: 'seek-by', seconds: 10 }],
  ['ArrowLeft', { type: 'seek-by', seconds: -5 }],
  ['ArrowRight', { type: 'seek-by', seconds: 5 }],
  ['ArrowUp', { type: 'volume-by', amount: 0.05 }],
  ['ArrowDown', { type: 'volume-by', amount: -0.05 }],
  ['Home', { type: 'seek-to-fraction', fraction: 0 }],
  ['End', { type: 'seek-to-end' }],
  ['m', { type: 'toggle-mute' }],
  ['f', { type: 'toggle-fullscreen' }],
  ['t', { type: 'toggle-theatre' }],
  ['p', { type: 'toggle-picture-in-picture' }],
  ['i', { type: 'toggle-statistics' }],
  ['?', { type: 'show-shortcuts' }],
])

const whilePaused = new Map<string, PlayerAction>([
  [',', { type: 'step-frames', frames: -1 }],
  ['.', { type: 'step-frames', frames: 1 }],
])

/** A live stream can't be watched faster than it happens. */
const vodOnly = new Map<string, PlayerAction>([
  ['<', { type: 'rate-by', steps: -1 }],
  ['>', { type: 'rate-by', steps: 1 }],
])

/** The player's keys, as people know them from elsewhere. Null: not one of ours; leave it to the browser. */
export function actionOf(press: KeyPress, { kind, paused }: PlayerContext): PlayerAction | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key
  if (/^[0-9]$/.test(key)) return { type: 'seek-to-fraction', fraction: Number(key) / 10 }
  const allowed = [always, ...(paused ? [whilePaused] : []), ...(kind === 'vod' ? [vodOnly] : [])]
  return allowed.find((keys) => keys.has(key))?.get(key) ?? null
}

/** Speeds that `<` and `>` go through. */
export const rates = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const

/** The next speed up or down from `rate`, staying within the list. */
export function nextRate(rate: number, steps: number): number {
  const nearest = rates.reduce((best, each) => (Math.abs(each - rate) < Math.abs(best - rate) ? each : best))
  const index = Math.min(rates.length - 1, Math.max(0, rates.indexOf(nearest) + steps))
  return rates[index] ?? 1
}
