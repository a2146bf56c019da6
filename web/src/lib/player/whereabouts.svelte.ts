import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import type { Engine } from './engine.ts'
import { bufferedAhead } from './live-pace.ts'
import type { LiveSight } from './live-views.ts'
import { type Place, placeInLive, placeInVideo } from './place.ts'

/** Where a viewer is in what plays, and where live is. */
export class Whereabouts {
  /** Null while it is unknown. */
  place = $state.raw<Place | null>(null)
  /** The moment (program time) at which another view is being opened; null once it is shown. */
  heldMs: number | null = null
  /** When the stream began, by the site's clock, and how far back one may go (0: not at all). */
  allowed = { startedAtMs: 0, dvrMs: 0 }
  /** Live's program time, ahead of the page's clock; null before it is known. */
  #liveAheadMs: number | null = null
  readonly #video: HTMLVideoElement

  constructor(video: HTMLVideoElement) {
    this.#video = video
  }

  /** Program time of what is to be seen; null while that is unknown. */
  programMs(engine: Engine | null): number | null {
    return this.heldMs ?? engine?.programMsAt(this.#video.currentTime) ?? null
  }

  /**
   * What there is of a live stream; null while it is unknown where live is.
   * @param isOver nothing comes after what is listed
   */
  sight(view: PlaybackKind, engine: Engine | null, nowMs: number, isOver: boolean): LiveSight | null {
    const loaded = engine?.listed() ?? null
    const edgeS = view === 'live' ? (engine?.pace?.clock()?.edgeS ?? engine?.liveEdge()) : null
    const edgeMs = edgeS == null ? null : (engine?.programMsAt(edgeS) ?? null)
    if (edgeMs !== null) this.#liveAheadMs = edgeMs - nowMs
    const known = { view: view === 'dvr' ? ('dvr' as const) : ('live' as const), loaded, ...this.allowed }
    if (isOver && loaded) return { ...known, edgeMs: loaded.endMs }
    return this.#liveAheadMs === null ? null : { ...known, edgeMs: nowMs + this.#liveAheadMs }
  }

  lookAtVideo(): void {
    this.place = placeInVideo(this.#video)
  }

  lookAtLive(sight: LiveSight, programMs: number): void {
    this.place = placeInLive(sight, programMs, this.heldMs === null ? bufferedAhead(this.#video) : 0)
  }
}
