import {
  beginWaiting,
  endWaiting,
  type Following,
  type LiveClock,
  look,
  moved,
  startFollowing,
} from './following.ts'

/** Holes smaller than this (seconds) don't stop playing. */
const HOLE_S = 0.1

/** The engine's side of keeping a distance from live. */
export interface PaceControl {
  /** Null while that is unknown, and when the stream is over. */
  clock(): LiveClock | null
  /** Tells how far behind live playing shall be from now on, in seconds. */
  setTarget(seconds: number): void
}

/**
 * Keeps an element at its distance from live: by its speed, by jumping where it has fallen far behind, and by a larger
 * distance after stalls. Its owner calls `look` a few times a second, and `close`.
 */
export class LivePace {
  #state: Following
  #positionS: number
  #hasPlayed = false
  readonly #video: HTMLVideoElement
  readonly #control: PaceControl
  readonly #jump: () => void
  readonly #lifetime = new AbortController()

  /**
   * @param jump takes the element to live
   * @param isFollowing false for a viewer who begins further back
   */
  constructor(video: HTMLVideoElement, control: PaceControl, jump: () => void, isFollowing: boolean) {
    this.#video = video
    this.#control = control
    this.#jump = jump
    this.#state = { ...startFollowing, isFollowing }
    this.#positionS = video.currentTime
    this.#follow()
  }

  get state(): Following {
    return this.#state
  }

  /** Ends, and leaves the element at its normal speed. */
  close(): void {
    this.#lifetime.abort()
    this.#video.playbackRate = 1
  }

  look(nowMs: number): void {
    const live = this.#control.clock()
    const video = this.#video
    if (!live || !this.#hasPlayed) return
    const before = this.#state
    const { next, jump } = look(before, {
      nowMs,
      live,
      positionS: video.currentTime,
      bufferS: bufferedAhead(video),
      isHeld: video.paused || video.seeking,
    })
    this.#state = next
    this.#positionS = video.currentTime
    if (next.targetS !== before.targetS) this.#control.setTarget(next.targetS)
    if (video.playbackRate !== next.rate) video.playbackRate = next.rate
    if (jump) this.#jump()
  }

  #follow(): void {
    const video = this.#video
    const { signal } = this.#lifetime
    const on = (event: keyof HTMLMediaElementEventMap, listener: () => void) =>
      video.addEventListener(event, listener, { signal })
    on('waiting', () => {
      if (this.#hasPlayed && !video.seeking && !video.paused)
        this.#state = beginWaiting(this.#state, performance.now(), bufferedAhead(video))
    })
    on('playing', () => {
      this.#hasPlayed = true
      this.#state = endWaiting(this.#state, performance.now())
    })
    // A decoder that is given a fresh start forgets where it was.
    on('emptied', () => {
      this.#hasPlayed = false
    })
    on('seeking', () => this.#moved())
    on('play', () => this.#moved())
  }

  #moved(): void {
    const live = this.#control.clock()
    const to = this.#video.currentTime
    if (live && this.#hasPlayed) this.#state = moved(this.#state, live, this.#positionS, to)
    this.#positionS = to
  }
}

/** Seconds that can be played from here without anything more arriving. */
export function bufferedAhead({ buffered, currentTime }: HTMLVideoElement): number {
  let end = currentTime
  for (let i = 0; i < buffered.length; i++) {
    if (buffered.start(i) <= end + HOLE_S && buffered.end(i) > end) end = buffered.end(i)
  }
  return end - currentTime
}
