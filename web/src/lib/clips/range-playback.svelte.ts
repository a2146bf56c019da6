import { Playback } from '#lib/player/playback.svelte.ts'
import { type Bounds, isLastFrame, shortestFrame, within } from './bounds.ts'

/** What follows the end. */
export type AtEnd = 'stop' | 'again'

/**
 * Plays a range of a clip's view: from the frame at its start to the last frame before its end, no other. Its owner calls
 * `close`.
 */
export class RangePlayback {
  readonly playback: Playback
  /** From the view's start, which is where positions count from; in milliseconds. */
  positionMs = $state(0)
  isOver = $state(false)

  readonly #video: HTMLVideoElement
  readonly #zeroS: number
  readonly #lifetime = new AbortController()
  #bounds: Bounds
  #atEnd: AtEnd
  #beforeS: number | null = null
  #frameS = Number.POSITIVE_INFINITY

  /** @param about `startOffsetMs`: as the API says of the view; `durationMs`: of the range, which begins with it */
  constructor(
    video: HTMLVideoElement,
    about: { id: string; startOffsetMs: number; durationMs: number; atEnd: AtEnd },
  ) {
    this.#video = video
    this.#zeroS = about.startOffsetMs / 1000
    this.#atEnd = about.atEnd
    this.#bounds = this.#boundsOf(0, about.durationMs)
    this.playback = new Playback(video, about.id)
    this.#follow()
  }

  /** @param autoplay at once, if the browser lets it */
  start(autoplay: boolean): void {
    void this.playback.start('clip', { autoplay, startAt: { seconds: within(this.#bounds, 0) } })
  }

  /** Plays another range; what lies outside is left. */
  setRange(startMs: number, endMs: number): void {
    this.#bounds = this.#boundsOf(startMs, endMs)
    const at = this.#video.currentTime
    if (within(this.#bounds, at) !== at) this.#seek(within(this.#bounds, 0))
  }

  /** Shows a moment, counted from the view's start. */
  seekTo(ms: number): void {
    this.#seek(within(this.#bounds, this.#zeroS + ms / 1000))
  }

  togglePlay(): void {
    if (!this.#video.paused) this.#video.pause()
    else {
      if (this.isOver) this.#seek(within(this.#bounds, 0))
      void this.playback.play()
    }
  }

  close(): void {
    this.#lifetime.abort()
    this.playback.close()
  }

  #boundsOf(startMs: number, endMs: number): Bounds {
    return { startS: this.#zeroS + startMs / 1000, endS: this.#zeroS + endMs / 1000 }
  }

  #seek(toS: number): void {
    this.isOver = false
    this.#beforeS = null
    this.#video.currentTime = toS
    this.positionMs = Math.max(0, (toS - this.#zeroS) * 1000)
  }

  #follow(): void {
    const { signal } = this.#lifetime
    const video = this.#video
    if ('requestVideoFrameCallback' in video) {
      const onFrame: VideoFrameRequestCallback = (_, { mediaTime }) => {
        if (signal.aborted) return
        this.#onFrame(mediaTime)
        video.requestVideoFrameCallback(onFrame)
      }
      video.requestVideoFrameCallback(onFrame)
    }
    // Also without frames that can be counted: a stream of sound alone, a tab that nobody sees.
    video.addEventListener('timeupdate', () => this.#onTime(), { signal })
    video.addEventListener('ended', () => this.#end(), { signal })
  }

  #onFrame(atS: number): void {
    this.#frameS = shortestFrame(this.#frameS, this.#beforeS, atS)
    this.#beforeS = atS
    if (!this.#video.paused && isLastFrame(atS, this.#frameS, this.#bounds)) this.#end()
  }

  #onTime(): void {
    const { currentTime, paused, seeking } = this.#video
    if (!this.isOver) this.positionMs = Math.max(0, (currentTime - this.#zeroS) * 1000)
    if (!paused && !seeking && currentTime >= this.#bounds.endS) this.#end()
  }

  #end(): void {
    if (this.isOver) return
    if (this.#atEnd === 'again') {
      this.#seek(within(this.#bounds, 0))
      void this.playback.play()
      return
    }
    this.#video.pause()
    // Whoever was too late shows the last frame all the same.
    if (this.#video.currentTime >= this.#bounds.endS)
      this.#video.currentTime = within(this.#bounds, this.#bounds.endS)
    this.isOver = true
    this.positionMs = (this.#bounds.endS - this.#zeroS) * 1000
  }
}
