import { setTimeout as wait } from 'node:timers/promises'
import { usesCard } from '../media/encoders.ts'
import { flvFileHeader, flvSampleTag, flvTimeMs, flvTrackTag } from '../media/flv/writer.ts'
import type { Rung } from '../media/ladder.ts'
import type { SanitisedEvent } from '../media/sanitiser.ts'
import { type Sample, VIDEO_TIMESCALE, type VideoTrack } from '../media/types.ts'
import type { EncoderLease, EncoderPool } from './encoder-pool.ts'
import type { HealthWarning } from './health.ts'
import type { Ladder, LadderRequest } from './ladder.ts'
import type { LadderSeat } from './ladder-admission.ts'
import { LadderFeed } from './ladder-feed.ts'
import { PaceMeter, TOO_SLOW_MS } from './ladder-pace.ts'
import { freshPlan, nextPlan } from './ladder-plan.ts'
import { runLadder } from './ladder-run.ts'
import { processorSeconds } from './machine-load.ts'
import type { LiveMetrics } from './metrics.ts'
import { backOffMs } from './retry.ts'

export interface LadderProcessOptions extends Omit<LadderRequest, 'mode' | 'slots'> {
  video: VideoTrack
  /** Tallest first. */
  rungs: readonly Rung[]
  encoders: EncoderPool
  seat: LadderSeat
  metrics: LiveMetrics
  nowMs(): number
}

/** One life of ffmpeg. */
interface Life {
  rungs: readonly Rung[]
  feed: LadderFeed
  pace: PaceMeter
  /** Ends it: with PLANNED for another that makes other rungs, else with what is wrong. */
  stop: AbortController
  lease: EncoderLease | null
  usage: { pid: number; atMs: number; seconds: number } | null
}

/** An encoder that ran this long was well: the next failure counts as its first. */
const WELL_MS = 20_000
/** The first time it is started again at once: a segment later the rung is back. */
const FIRST_RESTART_MS = 1_000
const LAST_RESTART_MS = 30_000
const LAST_FRAMES_MS = 500
const LOOK_EVERY_MS = 200
const MEASURE_EVERY_MS = 3_000
/** A card that is gone doesn't always say so. */
const CARD_SILENT_MS = 1_500
const PLANNED = new Error('the ladder has other rungs now')

/**
 * One ffmpeg for all lower rungs of a stream. It is started again when it dies, on the processor when it was the card
 * that failed; without its top rung when it can't keep real time (MEDIA.md 19). The source rung knows nothing of it.
 * Owner: the session, which calls `finish`. Its clock is that of the samples: with none, nothing is too slow.
 */
export class LadderProcess implements Ladder {
  readonly rungIds: readonly string[]
  readonly #options: LadderProcessOptions
  readonly #ended = new AbortController()
  readonly #loop: Promise<void>
  #plan: ReturnType<typeof freshPlan>
  #video: VideoTrack
  /** Null while an encoder is being cleared away, or waited for. */
  #life: Life | null = null
  /** Wakes a ladder of which every rung was given up. */
  #wake: (() => void) | null = null
  #onlyProcessor = false
  #finishing = false
  #lastLookMs = 0

  constructor(options: LadderProcessOptions) {
    this.#options = options
    this.#video = options.video
    this.#plan = freshPlan(options.nowMs())
    this.rungIds = options.rungs.map((rung) => rung.id)
    this.#loop = this.#run()
  }

  get activeRungIds(): readonly string[] {
    return this.rungIds.slice(this.#plan.dropped)
  }

  get warnings(): readonly HealthWarning[] {
    const { dropped } = this.#plan
    if (dropped === this.rungIds.length) return ['source-only']
    return this.rungIds.slice(0, dropped).map((id): HealthWarning => `rung-dropped:${id}`)
  }

  push(event: SanitisedEvent): void {
    if (event.type === 'sample' && event.kind === 'video') this.#feed(event.sample)
    else if (event.type === 'track-changed' && event.track.kind === 'video') {
      this.#video = event.track
      this.#life?.feed.change([flvTrackTag(event.track)])
    }
  }

  async finish(): Promise<void> {
    this.#finishing = true
    this.#wake?.()
    this.#life?.feed.finish()
    const enough = new AbortController()
    await Promise.race([
      this.#loop,
      wait(LAST_FRAMES_MS, undefined, { signal: enough.signal }).catch(() => {}),
    ])
    enough.abort()
    this.#ended.abort()
    await this.#loop
    this.#options.seat.leave()
  }

  #feed(sample: Sample): void {
    const life = this.#life
    const dtsMs = flvTimeMs(sample.dts, VIDEO_TIMESCALE)
    if (life?.feed.add(dtsMs, sample.key, flvSampleTag(this.#video, sample))) life.pace.given(dtsMs)
    const nowMs = this.#options.nowMs()
    life?.pace.look(nowMs)
    if (nowMs - this.#lastLookMs < LOOK_EVERY_MS) return
    this.#lastLookMs = nowMs
    if (life) this.#measure(life, nowMs)
    this.#replan(life, nowMs)
  }

  #replan(life: Life | null, nowMs: number): void {
    const { rungs, seat, log, metrics } = this.#options
    // One that is being cleared away has been judged.
    const tooSlow = life?.stop.signal.aborted === false && life.pace.behindMs >= TOO_SLOW_MS
    if (tooSlow) seat.isShort()
    const before = this.#plan
    const room = before.dropped > 0 && seat.hasRoomFor(this.#loadOf(rungs.slice(before.dropped - 1)))
    this.#plan = nextPlan(before, { tooSlow, room }, rungs.length, nowMs)
    const { dropped } = this.#plan
    if (dropped !== before.dropped) {
      const fewer = dropped > before.dropped
      const rungId = this.rungIds[Math.min(dropped, before.dropped)]
      if (fewer) metrics.rungDropped()
      log.warn({ rungId, lagMs: life?.pace.lagMs }, fewer ? TOO_SLOW : ONCE_MORE)
      life?.stop.abort(PLANNED)
      this.#wake?.()
    } else if (life?.lease && usesCard(life.lease.row) && life.pace.quietMs > CARD_SILENT_MS) {
      life.stop.abort(new Error('the graphics card gives no more frames'))
    }
  }

  /** The processor's cores that ffmpeg takes, while it keeps real time. */
  #measure(life: Life, nowMs: number): void {
    const { usage } = life
    if (!usage || nowMs - usage.atMs < MEASURE_EVERY_MS) return
    const seconds = processorSeconds(usage.pid)
    life.usage = seconds === null ? null : { pid: usage.pid, atMs: nowMs, seconds }
    if (seconds === null || life.pace.behindMs > 0) return
    this.#options.seat.took((seconds - usage.seconds) / ((nowMs - usage.atMs) / 1000))
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#finishing) {
      if (this.activeRungIds.length === 0) {
        await this.#untilWoken()
        continue
      }
      const startedAtMs = this.#options.nowMs()
      const life = this.#begin(startedAtMs)
      const error = await this.#live(life)
      this.#life = null
      if (this.#finishing) return
      for (const { id } of life.rungs) this.#options.onLost(id)
      if (error === PLANNED) continue
      failures = this.#options.nowMs() - startedAtMs > WELL_MS ? 1 : failures + 1
      this.#failed(error, failures, life.lease)
      if (failures > 1) await this.#pause(backOffMs(failures - 1, FIRST_RESTART_MS, LAST_RESTART_MS))
    }
  }

  #begin(nowMs: number): Life {
    const { rungs, log, metrics, onWarning } = this.#options
    const active = rungs.slice(this.#plan.dropped)
    const pace = new PaceMeter(this.activeRungIds, nowMs)
    const header = flvFileHeader({ video: true, audio: false })
    const feed = new LadderFeed(header, [flvTrackTag(this.#video)], () => {
      pace.lost()
      metrics.ladderDropped()
      log.debug({ lagMs: pace.lagMs }, 'A ladder is behind: what waited was dropped')
      onWarning('ladder-behind')
    })
    const life = { rungs: active, feed, pace, stop: new AbortController(), lease: null, usage: null }
    this.#life = life
    return life
  }

  /** Resolves with why it ended. */
  async #live(life: Life): Promise<unknown> {
    const { encoders, seat, onEvent, log, nowMs } = this.#options
    try {
      life.lease = await encoders.take(life.rungs.length, this.#onlyProcessor)
      seat.makes(this.#loadOf(life.rungs))
      const ended = await runLadder({
        rungs: life.rungs,
        row: life.lease.row,
        feed: life.feed,
        signal: AbortSignal.any([life.stop.signal, this.#ended.signal]),
        onEvent: (rungId, event) => {
          if (event.type === 'sample') life.pace.made(rungId, event.ptsMs)
          onEvent(rungId, event)
        },
        onStart: (pid) => {
          const seconds = processorSeconds(pid)
          life.usage = seconds === null ? null : { pid, atMs: nowMs(), seconds }
        },
        log,
      })
      return life.stop.signal.aborted ? life.stop.signal.reason : ended
    } catch (error) {
      return error
    } finally {
      life.feed.destroy()
      life.lease?.release()
    }
  }

  #failed(error: unknown, failures: number, lease: EncoderLease | null): void {
    const { log, metrics, onWarning } = this.#options
    metrics.ladderRestarted()
    if (lease && usesCard(lease.row)) {
      this.#onlyProcessor = true
      metrics.encoderFellBack()
      log.warn({ err: error, encoder: lease.row.id }, 'The card failed a stream: it goes on with x264')
      onWarning('encoder-fell-back')
    } else {
      log.warn({ err: error, failures }, "A stream's encoder ended; starting it again")
      onWarning('ladder-restarted')
    }
  }

  #loadOf(rungs: readonly Rung[]) {
    const row = this.#life?.lease?.row ?? this.#options.encoders.likely(rungs.length)
    return { source: this.#video, rungs, row }
  }

  async #untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = null
  }

  async #pause(durationMs: number): Promise<void> {
    await wait(durationMs, undefined, { signal: this.#ended.signal }).catch(() => {})
  }
}

const TOO_SLOW = "This machine can't make a rung in real time: it is given up for now"
const ONCE_MORE = 'There has been room for minutes: a rung is tried again'
