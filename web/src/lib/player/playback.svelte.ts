import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import { ApiError, answer, browserApi } from '#lib/api/client.ts'
import { type Engine, loadEngine, type Trouble } from './engine.ts'
import { TRIES, waitBeforeRetryMs } from './recovery.ts'
import type { Rung } from './rungs.ts'

/** What the viewer sees. `over`: played to its end. */
export type PlaybackState =
  | 'starting'
  | 'playing'
  | 'paused'
  | 'buffering'
  | 'reconnecting'
  | 'over'
  | 'failed'

/** Why it can't be played, in kinds that have words. */
export type Failure = 'not-found' | 'forbidden' | 'unplayable' | 'unreachable'

/** This close to the live edge (seconds) counts as live. */
const LIVE_TOLERANCE_S = 4
/** An engine may leave out the last part of a stream that has ended: waiting this close to the end is the end. */
const END_TOLERANCE_S = 1.5

interface Options {
  autoplay: boolean
}

/**
 * Plays one video in one element: asks for a token, starts an engine, keeps the state that the controls show, and
 * tries again when the network fails. Its owner calls `close`.
 */
export class Playback {
  kind = $state<PlaybackKind>('vod')
  state = $state<PlaybackState>('starting')
  failure = $state<Failure | null>(null)
  rungs = $state.raw<Rung[]>([])
  playingRung = $state<number | null>(null)
  /** The viewer's choice; null is automatic. */
  chosenRung = $state<number | null>(null)
  isAtLiveEdge = $state(true)
  behindLiveMs = $state(0)
  /** The browser allowed playing only without sound. */
  wasMuted = $state(false)
  rate = $state(1)
  /** False for a stream of sound alone. */
  hasPicture = $state(true)

  readonly #video: HTMLVideoElement
  readonly #id: string
  readonly #lifetime = new AbortController()
  #engine: Engine | null = null
  #attempt = 0
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  /** Counts loads, so that an answer to an older one is dropped. */
  #load = 0
  #wantsToPlay = true
  /** The live stream that plays has come to its end. */
  #complete = false

  constructor(video: HTMLVideoElement, id: string) {
    this.#video = video
    this.#id = id
    this.#follow()
  }

  /** Starts (or changes to) the live stream or the video from its start. */
  async start(kind: PlaybackKind, { autoplay }: Options): Promise<void> {
    this.kind = kind
    this.#attempt = 0
    this.#wantsToPlay = autoplay
    this.chosenRung = null
    await this.#open(null)
  }

  /** Tries again after a failure, from where it stopped. */
  async retry(): Promise<void> {
    this.#attempt = 0
    await this.#open(this.#resumeAt())
  }

  chooseRung(id: number | null): void {
    this.chosenRung = id
    this.#engine?.chooseRung(id)
  }

  setRate(rate: number): void {
    this.#video.playbackRate = rate
  }

  seekToLive(): void {
    const edge = this.#engine?.liveEdge()
    if (edge != null) this.#video.currentTime = edge
    void this.play()
  }

  /** Plays; without sound if the browser insists on that. */
  async play(): Promise<void> {
    this.#wantsToPlay = true
    try {
      await this.#video.play()
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || this.#video.muted) return
      this.#video.muted = true
      this.wasMuted = true
      await this.#video.play().catch(() => {
        this.state = 'paused'
      })
    }
  }

  /** Gives the sound back that the browser took. */
  unmute(): void {
    this.#video.muted = false
    this.wasMuted = false
  }

  close(): void {
    this.#load++
    clearTimeout(this.#retryTimer)
    this.#lifetime.abort()
    this.#engine?.close()
    this.#engine = null
  }

  async #open(startAt: number | null): Promise<void> {
    const load = ++this.#load
    clearTimeout(this.#retryTimer)
    this.failure = null
    this.state = this.#attempt === 0 ? 'starting' : 'reconnecting'
    const kind = this.kind
    try {
      const [startEngine, playback] = await Promise.all([loadEngine(), this.#ask(kind)])
      if (load !== this.#load) return
      this.#engine?.close()
      this.#complete = false
      // A new source drops events that are still to come, this one's too.
      this.rate = this.#video.playbackRate
      this.#engine = startEngine({
        video: this.#video,
        master: playback.master,
        kind,
        startAt,
        onrungs: (rungs, playing) => {
          this.rungs = rungs
          this.playingRung = playing
        },
        ontrouble: (trouble) => this.#onTrouble(trouble),
        onflow: () => {
          this.#attempt = 0
        },
        oncomplete: () => {
          this.#complete = true
          if (this.state === 'buffering') this.#endIfNothingComes()
        },
      })
      if (this.chosenRung !== null) this.#engine.chooseRung(this.chosenRung)
      if (this.#wantsToPlay) await this.play()
      else this.state = 'paused'
    } catch (error) {
      if (load === this.#load) this.#onOpenError(error)
    }
  }

  #ask(kind: PlaybackKind) {
    const path = { kind, id: this.#id }
    return answer(browserApi().POST('/playback/{kind}/{id}', { params: { path } }))
  }

  #onOpenError(error: unknown): void {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
      this.#fail(error.status === 401 || error.status === 403 ? 'forbidden' : 'not-found')
    } else {
      this.#tryLater()
    }
  }

  #onTrouble(trouble: Trouble): void {
    if (trouble === 'media') this.#fail('unplayable')
    else this.#tryLater()
  }

  #fail(failure: Failure): void {
    this.failure = failure
    this.state = 'failed'
  }

  #tryLater(): void {
    if (this.state === 'failed' || this.state === 'over') return
    if (this.#attempt >= TRIES) {
      this.#fail('unreachable')
      return
    }
    this.state = 'reconnecting'
    clearTimeout(this.#retryTimer)
    const wait = waitBeforeRetryMs(this.#attempt++, Math.random())
    this.#retryTimer = setTimeout(() => void this.#open(this.#resumeAt()), wait)
  }

  #resumeAt(): number | null {
    return this.kind === 'vod' && this.#video.currentTime > 0 ? this.#video.currentTime : null
  }

  /** Keeps the state in step with the element. */
  #follow(): void {
    const video = this.#video
    const { signal } = this.#lifetime
    const on = (event: keyof HTMLMediaElementEventMap, listener: () => void) =>
      video.addEventListener(event, listener, { signal })

    // The network is back: no need to wait for the next try.
    window.addEventListener(
      'online',
      () => {
        if (this.state === 'reconnecting') void this.#open(this.#resumeAt())
      },
      { signal },
    )
    on('playing', () => {
      this.state = 'playing'
    })
    on('pause', () => {
      if (!video.ended && (this.state === 'playing' || this.state === 'buffering')) this.state = 'paused'
    })
    on('waiting', () => {
      if (this.state === 'playing') this.state = 'buffering'
      this.#endIfNothingComes()
    })
    on('loadeddata', () => {
      this.hasPicture = video.videoWidth > 0
    })
    on('ended', () => {
      this.state = 'over'
    })
    on('seeking', () => {
      if (this.state === 'over') this.state = video.paused ? 'paused' : 'buffering'
    })
    on('timeupdate', () => {
      if (this.state === 'buffering' && !video.paused && video.readyState >= 3) this.state = 'playing'
      this.#measureLive()
    })
    on('ratechange', () => {
      this.rate = video.playbackRate
    })
    on('volumechange', () => {
      if (!video.muted) this.wasMuted = false
    })
  }

  #endIfNothingComes(): void {
    const { duration, currentTime } = this.#video
    if (this.#complete && duration - currentTime < END_TOLERANCE_S) this.state = 'over'
  }

  #measureLive(): void {
    if (this.kind !== 'live') return
    const edge = this.#engine?.liveEdge()
    if (edge == null) return
    const behind = Math.max(0, edge - this.#video.currentTime)
    this.isAtLiveEdge = behind < LIVE_TOLERANCE_S
    this.behindLiveMs = behind * 1000
  }
}
