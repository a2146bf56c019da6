import type { PlaybackKind } from '@streamtube/contracts/claims.ts'
import { askForPlayback, refusalOf } from './ask.ts'
import { Captions } from './captions.svelte.ts'
import { type Engine, loadEngine, type StartAt, type Trouble } from './engine.ts'
import { isAtLive } from './following.ts'
import { LivePace } from './live-pace.ts'
import { Retries } from './retries.ts'
import type { Rung } from './rungs.ts'
import { startPlaying } from './start-playing.ts'
import type { Failure, PlaybackState } from './states.ts'
import { measure, type Statistics } from './statistics.ts'
import { type WaitingFor, waitingFor } from './waiting.ts'
import { type Playing, Whereabouts } from './whereabouts.svelte.ts'

/** This close to live (seconds) counts as live where the browser keeps the pace itself. */
const LIVE_TOLERANCE_S = 4
const LOOK_EVERY_MS = 250
/** An engine may leave out the last part of a stream that has ended: waiting this close to the end is the end. */
const END_TOLERANCE_S = 1.5
/** What is recorded is there: if nothing of it has come for so long, it is opened anew. */
const START_PATIENCE_MS = 20_000

interface Options {
  autoplay: boolean
  /** From where to play; the start, or live, unless told. */
  startAt?: StartAt | null
}

/**
 * Plays one video in one element: asks for a token, starts an engine, keeps the state that the controls show, and
 * tries again when the network fails. Its owner calls `close`.
 */
export class Playback implements Playing {
  kind = $state<PlaybackKind>('vod')
  /** What plays of it: a live stream's tail, or the same from further back. */
  view = $state<PlaybackKind>('vod')
  state = $state<PlaybackState>('starting')
  failure = $state<Failure | null>(null)
  rungs = $state.raw<Rung[]>([])
  playingRung = $state<number | null>(null)
  /** The viewer's choice; null is automatic. */
  chosenRung = $state<number | null>(null)
  isAtLiveEdge = $state(true)
  behindLiveMs = $state(0)
  /** Why the picture stands still while `buffering`. */
  waitingFor = $state<WaitingFor>('media')
  /** The browser allowed playing only without sound. */
  wasMuted = $state(false)
  rate = $state(1)
  /** False for a stream of sound alone. */
  hasPicture = $state(true)

  /** Address of what plays, with this viewer's token in it; null until it is given. */
  master = $state<string | null>(null)

  readonly captions: Captions
  readonly where: Whereabouts

  readonly #video: HTMLVideoElement
  readonly #id: string
  readonly #lifetime = new AbortController()
  #engine: Engine | null = null
  #pace: LivePace | null = null
  readonly #retries = new Retries()
  /** Requests have failed since the last one that didn't. */
  #isFaltering = false
  #waitingSinceMs: number | null = null
  /** Counts loads, so that an answer to an older one is dropped. */
  #load = 0
  #wantsToPlay = true
  /** Another engine is on its way: what plays is about to be replaced. */
  #isOpening = false
  /** When the engine was started, or given up, or media last came in. */
  #flowedAtMs = 0
  /** The live stream that plays has come to its end. */
  #complete = false

  constructor(video: HTMLVideoElement, id: string) {
    this.#video = video
    this.#id = id
    this.captions = new Captions(video)
    this.where = new Whereabouts(video, this)
    this.#follow()
  }

  /**
   * Starts the live stream or the video from its start, or changes to it. Whoever watches a live stream from further back
   * keeps the place when it becomes a video.
   */
  async start(kind: PlaybackKind, { autoplay, startAt = null }: Options): Promise<void> {
    const keptMs = this.kind === 'live' && kind === 'vod' && this.isBehind ? this.where.programMs : null
    this.#wantsToPlay = keptMs === null ? autoplay : !this.#video.paused
    this.kind = kind
    this.view = kind
    this.#retries.reset()
    if (keptMs === null) this.chosenRung = null
    await this.#open(keptMs === null ? startAt : { programMs: keptMs })
  }

  get engine(): Engine | null {
    return this.#engine
  }

  /** Nothing comes after what is listed. */
  get isOver(): boolean {
    return this.#complete
  }

  /** The viewer watches a live stream from further back. */
  get isBehind(): boolean {
    return this.view === 'dvr' || (this.kind === 'live' && this.where.heldMs === null && !this.isAtLiveEdge)
  }

  /** Goes on or back from the present place. */
  seekBy(seconds: number): void {
    const { place } = this.where
    if (place) this.where.seekTo(place.positionMs + seconds * 1000)
  }

  /** Tries again after a failure, from where it stopped. */
  async retry(): Promise<void> {
    this.#retries.reset()
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
    if (this.view === 'dvr') {
      this.change('live', null)
      return
    }
    this.#jumpToLive()
    void this.play()
  }

  /** How playing goes, right now. */
  statistics(): Statistics {
    const rung = this.rungs.find(({ id }) => id === this.playingRung) ?? null
    return measure(this.#video, this.#engine, this.#pace?.state ?? null, rung)
  }

  /** Plays; without sound if the browser insists on that. */
  async play(): Promise<void> {
    this.#wantsToPlay = true
    const how = await startPlaying(this.#video)
    if (how === 'playing') return
    this.wasMuted = true
    if (how === 'refused') this.state = 'paused'
  }

  /** Gives the sound back that the browser took. */
  unmute(): void {
    this.#video.muted = false
    this.wasMuted = false
  }

  close(): void {
    this.#load++
    this.#retries.stop()
    this.#lifetime.abort()
    this.captions.close()
    this.#closeEngine()
  }

  /** Plays another view of the same live stream. @param atMs program time; null: live, and playing */
  change(view: 'live' | 'dvr', atMs: number | null): void {
    this.view = view
    this.where.heldMs = atMs
    this.#wantsToPlay = atMs === null || !this.#video.paused
    this.#retries.reset()
    void this.#open(atMs === null ? null : { programMs: atMs })
    this.where.look()
  }

  async #open(startAt: StartAt | null): Promise<void> {
    const load = ++this.#load
    this.#isOpening = true
    this.#retries.stop()
    this.failure = null
    this.state = this.#retries.failures === 0 ? 'starting' : 'reconnecting'
    const kind = this.view
    try {
      const [startEngine, playback] = await Promise.all([loadEngine(), askForPlayback(kind, this.#id)])
      if (load !== this.#load) return
      this.#isOpening = false
      this.#closeEngine()
      this.master = playback.master
      this.#complete = false
      this.#isFaltering = false
      this.#flowedAtMs = performance.now()
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
        onfaltering: (isFaltering) => {
          this.#isFaltering = isFaltering
        },
        onflow: () => {
          this.#flowedAtMs = performance.now()
          this.#retries.reset()
          this.#isFaltering = false
        },
        oncomplete: () => {
          this.#complete = true
          if (this.state === 'buffering') this.#endIfNothingComes()
        },
      })
      if (this.#engine.pace)
        this.#pace = new LivePace(this.#video, this.#engine.pace, () => this.#jumpToLive(), startAt === null)
      if (this.chosenRung !== null) this.#engine.chooseRung(this.chosenRung)
      if (this.#wantsToPlay) await this.play()
      else this.state = 'paused'
    } catch (error) {
      if (load !== this.#load) return
      this.#isOpening = false
      const refusal = refusalOf(error)
      if (refusal) this.#fail(refusal)
      else this.#tryLater()
    }
  }

  #onTrouble(trouble: Trouble): void {
    switch (trouble) {
      case 'format':
        this.#fail('unplayable')
        break
      case 'media':
        this.#onStumble()
        break
      case 'network':
      case 'gone':
        this.#tryLater()
    }
  }

  #onStumble(): void {
    const remedy = this.#retries.stumbled(performance.now())
    if (remedy === 'restart') {
      const wasPaused = this.#video.paused
      this.#engine?.recoverMedia()
      // An element that loads anew is paused, and says nothing of it.
      if (!wasPaused) void this.play()
    } else if (remedy === 'reload') this.#tryLater()
    else this.#fail('unplayable')
  }

  #fail(failure: Failure): void {
    this.failure = failure
    this.state = 'failed'
  }

  #tryLater(): void {
    if (this.state === 'failed' || this.state === 'over') return
    this.#flowedAtMs = performance.now()
    if (this.#retries.later(() => void this.#open(this.#resumeAt()))) this.state = 'reconnecting'
    else this.#fail('unreachable')
  }

  #closeEngine(): void {
    this.#pace?.close()
    this.#pace = null
    this.#engine?.close()
    this.#engine = null
  }

  #jumpToLive(): void {
    const edge = this.#engine?.liveEdge()
    if (edge != null) this.#video.currentTime = edge
  }

  #resumeAt(): StartAt | null {
    if (this.kind === 'live') {
      const programMs = this.isBehind ? this.where.programMs : null
      return programMs === null ? null : { programMs }
    }
    return this.#video.currentTime > 0 ? { seconds: this.#video.currentTime } : null
  }

  /** Keeps the state in step with the element. */
  #follow(): void {
    const video = this.#video
    const { signal } = this.#lifetime
    const on = (event: keyof HTMLMediaElementEventMap, listener: () => void) =>
      video.addEventListener(event, listener, { signal })

    const timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
    // The network is back: no need to wait for the next try.
    window.addEventListener(
      'online',
      () => {
        if (this.state === 'reconnecting') void this.#open(this.#resumeAt())
      },
      { signal },
    )
    on('playing', () => {
      // Of what is about to be replaced, or was a moment ago.
      if (this.#isOpening || video.readyState < 2) return
      this.state = 'playing'
      this.where.heldMs = null
    })
    on('seeked', () => {
      if (video.readyState > 1 && !this.#isOpening) this.where.heldMs = null
      this.where.look()
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
    on('durationchange', () => this.where.look())
    on('timeupdate', () => {
      this.where.look()
      if (video.paused || video.readyState < 3) return
      if (this.state === 'buffering') this.state = 'playing'
      if (this.state === 'starting' && !this.#isOpening) {
        this.state = 'playing'
        this.where.heldMs = null
      }
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

  #look(): void {
    const nowMs = performance.now()
    this.#pace?.look(nowMs)
    this.#waitingSinceMs = this.state === 'buffering' ? (this.#waitingSinceMs ?? nowMs) : null
    this.waitingFor = waitingFor({
      waitedMs: this.#waitingSinceMs === null ? 0 : nowMs - this.#waitingSinceMs,
      stillMs: this.#engine?.pace?.clock()?.stillMs ?? null,
      isFaltering: this.#isFaltering,
    })
    this.where.look()
    this.#measureLive()
    if (this.#isStuckAtStart(nowMs)) this.#tryLater()
  }

  /** Live media may be long in coming, while its encoder is away; what is recorded may not. */
  #isStuckAtStart(nowMs: number): boolean {
    const isStarting = this.state === 'starting' || this.state === 'reconnecting'
    return (
      isStarting &&
      !this.#isOpening &&
      this.#engine !== null &&
      this.view !== 'live' &&
      !this.#video.paused &&
      nowMs - this.#flowedAtMs > START_PATIENCE_MS
    )
  }

  #measureLive(): void {
    if (this.where.behindMs !== null) {
      this.isAtLiveEdge = false
      this.behindLiveMs = this.where.behindMs
      return
    }
    if (this.view !== 'live') return
    const edge = this.#engine?.liveEdge()
    if (edge == null) return
    const behindS = Math.max(0, edge - this.#video.currentTime)
    this.isAtLiveEdge = this.#pace ? isAtLive(this.#pace.state) : behindS < LIVE_TOLERANCE_S
    this.behindLiveMs = behindS * 1000
  }
}
