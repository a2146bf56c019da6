import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import type { Engine } from './engine.ts'
import { bufferedAhead } from './live-pace.ts'
import { isSlidingOut, type LiveSight, stepTo } from './live-views.ts'
import { type Place, placeInLive, placeInVideo } from './place.ts'

/** What plays, as `Whereabouts` sees it. */
export interface Playing {
  readonly kind: PlaybackKind
  readonly view: PlaybackKind
  readonly engine: Engine | null
  /** Nothing comes after what is listed. */
  readonly isOver: boolean
  /** Plays another view of the same live stream. @param atMs program time */
  change(view: 'live' | 'dvr', atMs: number): void
  seekToLive(): void
}

/** Where a viewer is in what plays and may go, where live is, and how to get from one to the other. */
export class Whereabouts {
  /** Null while it is unknown. */
  place = $state.raw<Place | null>(null)
  /** Of one who watches a live stream in its DVR playlist: how far behind live, in milliseconds. */
  behindMs = $state<number | null>(null)
  /** The moment (program time) at which another view is being opened; null once it is shown. */
  heldMs: number | null = null
  /** When the stream began, by the site's clock, and how far back one may go (0: not at all). */
  allowed = { startedAtMs: 0, dvrMs: 0 }
  /** Live's program time, ahead of the page's clock; null before it is known. */
  #liveAheadMs: number | null = null
  readonly #video: HTMLVideoElement
  readonly #playing: Playing

  constructor(video: HTMLVideoElement, playing: Playing) {
    this.#video = video
    this.#playing = playing
  }

  /** Program time of what is to be seen; null while that is unknown. */
  get programMs(): number | null {
    return this.heldMs ?? this.#playing.engine?.programMsAt(this.#video.currentTime) ?? null
  }

  /** Program time of a moment, as `place` counts them; null while that is unknown. */
  programMsOf(ms: number): number | null {
    const { kind, engine } = this.#playing
    return kind === 'live' ? ms : (engine?.programMsAt(ms / 1000) ?? null)
  }

  /** Goes to a moment, as `place` counts them. */
  seekTo(ms: number): void {
    if (this.#playing.kind === 'live') this.#seekInLive(ms)
    else this.#video.currentTime = Math.max(0, Math.min(ms / 1000, this.#video.duration || 0))
  }

  /** Notes where the viewer is now; takes one whose pause outlasts the live playlist to the DVR playlist. */
  look(): void {
    if (this.#playing.kind !== 'live') {
      this.place = placeInVideo(this.#video)
      return
    }
    const sight = this.#sight()
    const { programMs } = this
    if (!sight || programMs === null) return
    const isHeld = this.heldMs !== null
    this.place = placeInLive(sight, programMs, isHeld ? 0 : bufferedAhead(this.#video))
    this.behindMs = sight.view === 'dvr' ? Math.max(0, sight.edgeMs - programMs) : null
    if (!isHeld && this.#video.paused && isSlidingOut(sight, programMs)) {
      this.#playing.change('dvr', programMs)
    }
  }

  #seekInLive(ms: number): void {
    const sight = this.#sight()
    if (!sight) return
    const step = stepTo(sight, ms)
    switch (step.type) {
      case 'go-live':
        this.#playing.seekToLive()
        break
      case 'seek': {
        const to = this.#playing.engine?.positionOf(step.toMs)
        if (to != null) this.#video.currentTime = to
        break
      }
      case 'open':
        this.#playing.change(step.view, step.atMs)
        break
      default:
        step satisfies never
    }
  }

  /** What there is of a live stream; null while it is unknown where live is. */
  #sight(): LiveSight | null {
    const { view, engine, isOver } = this.#playing
    const nowMs = performance.now()
    const loaded = engine?.listed() ?? null
    const edgeS = view === 'live' ? (engine?.pace?.clock()?.edgeS ?? engine?.liveEdge()) : null
    const edgeMs = edgeS == null ? null : (engine?.programMsAt(edgeS) ?? null)
    if (edgeMs !== null) this.#liveAheadMs = edgeMs - nowMs
    const known = { view: view === 'dvr' ? ('dvr' as const) : ('live' as const), loaded, ...this.allowed }
    if (isOver && loaded) return { ...known, edgeMs: loaded.endMs }
    return this.#liveAheadMs === null ? null : { ...known, edgeMs: nowMs + this.#liveAheadMs }
  }
}
