import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import type { PaceControl } from './live-pace.ts'
import type { Rung } from './rungs.ts'

/**
 * Why playing stopped: `network` may pass, `gone` means that the address is no longer good, `media` that the decoder
 * stumbled, `format` that this browser has no decoder for it.
 */
export type Trouble = 'network' | 'gone' | 'media' | 'format'

export interface EngineEvents {
  /** The qualities there are, and the one that plays now. */
  onrungs(rungs: Rung[], playing: number | null): void
  ontrouble(trouble: Trouble): void
  /** A request failed and is made again, or one worked. */
  onfaltering(isFaltering: boolean): void
  /** Media comes in (again). */
  onflow(): void
  /** The live stream is over: nothing comes after what is listed now. */
  oncomplete(): void
}

/** Brings an HLS address to a video element. */
export interface Engine {
  /** Plays this quality only; null chooses by the network. */
  chooseRung(id: number | null): void
  /** Where "live" is now, in seconds on the element's clock; null when that is unknown. */
  liveEdge(): number | null
  /** Program time of a place, seconds on the element's clock; null while that is unknown. */
  programMsAt(positionS: number): number | null
  /** Where a moment of program time is, or what is next to it; null while that is unknown. */
  positionOf(programMs: number): number | null
  /** What the playlist has, in program time; null while that is unknown. */
  listed(): { startMs: number; endMs: number } | null
  /** Keeps the distance from live; null where nothing is live, and where the browser does it itself. */
  readonly pace: PaceControl | null
  /** What the network carries, as measured by the downloads; null when that is unknown. */
  bandwidthBps(): number | null
  /** Gives the decoder a fresh start, after trouble with the media. */
  recoverMedia(): void
  /** Lets go of the element and the network. */
  close(): void
}

/** A place in a playlist, by seconds on the element's clock or by program time. */
export type StartAt = { seconds: number } | { programMs: number }

export interface EngineOptions extends EngineEvents {
  video: HTMLVideoElement
  master: string
  kind: PlaybackKind
  /** From where to play; null: the start, or the live edge. */
  startAt: StartAt | null
}

type StartEngine = (options: EngineOptions) => Engine

/** Safari plays HLS itself, with AirPlay and without MSE on older phones; every other browser gets hls.js. */
function playsNatively(): boolean {
  const apple = 'WebKitPlaybackTargetAvailabilityEvent' in window
  const canMse = 'MediaSource' in window || 'ManagedMediaSource' in window
  const canHls = document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== ''
  return canHls && (apple || !canMse)
}

let loading: Promise<StartEngine> | undefined

/** Fetches the engine's code; call early, so that it is there when the address is. Null where nothing can play. */
export function loadEngine(): Promise<StartEngine> {
  loading ??= playsNatively()
    ? import('./native-engine.ts').then((module) => module.startNativeEngine)
    : import('./hls-engine.ts').then((module) => module.startHlsEngine)
  loading.catch(() => {
    loading = undefined
  })
  return loading
}
