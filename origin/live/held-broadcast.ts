import { StreamState } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { Logger } from '../log.ts'
import { LiveTimeline } from '../media/live-timeline.ts'
import { type BroadcastEvent, type BroadcastState, nextBroadcastState, wasLive } from './broadcast.ts'
import type { Before } from './continuation.ts'
import { closingEvent, endWords } from './end-reasons.ts'
import { GapPacer } from './gap-pacer.ts'
import type { Grant } from './grant.ts'
import type { LiveRegistry } from './registry.ts'
import type { ReportHandle, StreamReport, StreamReports } from './reports.ts'
import { nextGaps } from './resume.ts'
import type { CloseReason, Encoder, Publication } from './rtmp/desk.ts'
import { LiveSession, type SessionBroadcast, type SessionParts } from './session.ts'
import { SpoolGate } from './spool/gate.ts'
import { waitFor } from './wait-for.ts'

export interface HeldBroadcastOptions extends SessionParts {
  /** Where edges reach this node. */
  nodeUrl: string
  registry: LiveRegistry
  reports: StreamReports
  log: Logger
  /** Everything of the broadcast is done here. */
  onOver(): void
}

/** How long what is left may take to reach the store and the api once the encoder is gone. */
const DRAIN_MS = 10 * 60_000
/** The api hears of an end with all that is kept; but of a store that is away this much later, and takes the rest then. */
const KEPT_FIRST_MS = 1_000
/** Discontinuities that an epoch may have: one where it begins and one for each change of the encoder's parameters. */
const MARKS_PER_EPOCH = 1000
/** A newer publisher that was let in on this node is here within this: the api's deadline, and some. */
const HANDOVER_MS = 6_000

/**
 * A broadcast on its node, which outlives its publishers' connections: it owns the timeline, the reports, and the gaps
 * that are listed while nobody publishes (MEDIA.md 9 to 11). Sessions come one after the other, each with a newer epoch,
 * and go on with the same timeline. It ends when the encoder says goodbye, when the api says so, or, while the api is
 * away, when its window is over by its own clock.
 */
export class HeldBroadcast implements SessionBroadcast {
  readonly timeline: LiveTimeline
  readonly gate: SpoolGate
  readonly #options: HeldBroadcastOptions
  readonly #log: Logger
  readonly #id: string
  readonly #windowMs: number
  readonly #giveUp = new AbortController()
  /** Sessions that keep what is left of them. */
  readonly #drains = new Set<Promise<void>>()
  #state: BroadcastState
  #session: LiveSession
  #report: ReportHandle
  #pacer: GapPacer | null = null
  #timer: NodeJS.Timeout | null = null
  #liveSinceMs: number | null = null
  /** A newer epoch than its newest publisher's is known to the api. */
  #isFenced = false
  #ending: Promise<void> | null = null

  constructor(options: HeldBroadcastOptions, grant: Grant, encoder: Encoder) {
    this.#options = options
    this.#id = grant.broadcastId
    this.#log = options.log.child({ broadcastId: grant.broadcastId })
    this.#windowMs = grant.reconnectWindowMs
    this.#state = { name: 'offered', sinceMs: options.nowMs(), wasLive: false }
    this.timeline = new LiveTimeline({
      timelineId: grant.broadcastId,
      partTargetMs: grant.partTargetMs,
      // Where nothing is kept, how many marks earlier epochs had is known to nobody: each has its own numbers then.
      discontinuitySequence:
        grant.left?.discontinuitySequence ?? Math.max(0, (grant.epoch - 1) * MARKS_PER_EPOCH - 1),
    })
    this.gate = new SpoolGate({ apply: (event, arrivedAtMs) => this.timeline.apply(event, arrivedAtMs) })
    this.#session = this.#open(grant, encoder)
    this.#report = this.#reportOf(this.#session)
  }

  /** Of the newest publisher. */
  get epoch(): number {
    return this.#session.epoch
  }

  /** Its newest publisher's. */
  get publication(): Publication {
    return this.#session
  }

  /** False when nobody can go on with it any more. */
  get isOpen(): boolean {
    return this.#ending === null && this.#state.name !== 'ended'
  }

  /** Lets a newer publisher go on with it; one that is still there is ended at once. */
  admit(grant: Grant, encoder: Encoder): void {
    const before = this.#session
    this.#report.stop()
    this.#clearTimer()
    this.#isFenced = false
    this.#session = this.#open(grant, encoder)
    this.#report = this.#reportOf(this.#session)
    this.#move({ type: 'publisher' })
    before.finishNow()
    before.cut(endWords('superseded'))
    this.#drain(before)
    if (!wasLive(this.#state)) return
    // Gaps come behind all that the one before has sent, also what still waits for the disk.
    this.gate.flush()
    // Players wait for the new picture as for one that was lost.
    this.#pacer ??= new GapPacer(before.silentMs, () => this.#appendGap())
  }

  begin(session: LiveSession): Before | null {
    const { registry, nowMs } = this.#options
    if (session !== this.#session) return null
    this.#stopPacing()
    this.gate.flush()
    registry.add(this.#id, session.epoch, this.timeline)
    this.#liveSinceMs ??= nowMs()
    this.#move({ type: 'tracks' })
    const left = this.timeline.listed
    return left.renditions.length > 0 ? { left, slots: this.timeline.slots, isListed: true } : null
  }

  closed(session: LiveSession, reason: CloseReason): void {
    if (session !== this.#session) return
    this.#move(this.#isFenced ? { type: 'lost', reason: 'superseded' } : closingEvent(reason, this.#windowMs))
    if (this.#state.name === 'ended') this.#ending ??= this.#end()
    else void this.#waitForEncoder(session)
  }

  /** A newer epoch has taken over: on this node, then it is here in a moment, or on another one. */
  fenced(session: LiveSession): void {
    if (session !== this.#session || this.#isFenced || !this.isOpen) return
    this.#isFenced = true
    this.#report.stop()
    this.#clearTimer()
    this.#timer = setTimeout(() => {
      this.#ending ??= this.#leave()
    }, HANDOVER_MS)
    session.cut(endWords('superseded'))
  }

  /**
   * The node shuts down: an encoder that may come back finds its broadcast interrupted, not ended.
   * @param signal gives up on what could not be kept and told
   */
  async close(signal: AbortSignal): Promise<void> {
    const giveUp = () => this.#giveUp.abort()
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    this.#ending ??= this.#leave()
    await this.#ending
    signal.removeEventListener('abort', giveUp)
  }

  #open(grant: Grant, encoder: Encoder): LiveSession {
    const log = this.#log.child({ epoch: grant.epoch })
    return new LiveSession({ ...this.#options, grant, encoder, broadcast: this, log })
  }

  #reportOf(session: LiveSession): ReportHandle {
    return this.#options.reports.add({
      read: () => this.#describe(session),
      onEnd: (reason) => (reason === 'superseded' ? this.fenced(session) : this.#stop(reason)),
    })
  }

  /** The api wants its end. */
  #stop(reason: string): void {
    if (!this.isOpen) return
    this.#move({ type: 'over', reason })
    this.#session.cut(endWords(reason))
    this.#ending ??= this.#end()
  }

  #move(event: BroadcastEvent): void {
    const before = this.#state
    this.#state = nextBroadcastState(before, event, this.#options.nowMs())
    if (this.#state === before) return
    this.#log.debug({ from: before.name, to: this.#state.name }, 'A broadcast changes')
    if (this.#state.name !== 'ended') this.#report.changed()
  }

  async #waitForEncoder(session: LiveSession): Promise<void> {
    this.#timer ??= setTimeout(() => this.#windowOver(), this.#windowMs)
    await session.packaged
    await this.gate.settled()
    if (session !== this.#session || !this.isOpen || this.#pacer) return
    this.#pacer = new GapPacer(session.silentMs, () => this.#appendGap())
  }

  /** The api says when it is over. While nobody hears it, it is over when it should be. */
  #windowOver(): void {
    if (this.#options.reports.isHeard) this.#timer = setTimeout(() => this.#windowOver(), 1_000)
    else this.#stop('window-over')
  }

  #appendGap(): void {
    for (const [renditionId, gaps] of nextGaps(this.timeline.listed)) {
      this.timeline.appendGaps(renditionId, gaps)
      this.#session.lose(renditionId, gaps)
    }
  }

  #stopPacing(): void {
    this.#pacer?.stop()
    this.#pacer = null
  }

  #clearTimer(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** The broadcast is over: players are told, and the api when all of it is kept, or can't be for now. */
  async #end(): Promise<void> {
    const { registry, nowMs } = this.#options
    this.#report.stop()
    await this.#rest()
    this.timeline.end()
    registry.retire(this.#id, this.timeline)
    const kept = this.#keep()
    await waitFor(kept, KEPT_FIRST_MS)
    await this.#complete('The api was not told that a broadcast ended', (signal) =>
      this.#report.finish(signal),
    )
    await kept
    const durationMs = this.#liveSinceMs === null ? 0 : nowMs() - this.#liveSinceMs
    this.#log.info({ durationMs, complete: !this.#session.isLosing }, 'A broadcast has ended')
    this.#options.onOver()
  }

  /** The broadcast goes on without this node, or waits for it: nobody is told of an end. */
  async #leave(): Promise<void> {
    await this.#rest()
    this.timeline.leave()
    this.#options.registry.retire(this.#id, this.timeline)
    await this.#keep()
    if (!this.#isFenced) {
      await this.#complete('The api was not told that a broadcast is interrupted', (signal) =>
        this.#report.finish(signal),
      )
    }
    this.#log.info({ isFenced: this.#isFenced }, 'A broadcast goes on elsewhere, or later')
    this.#options.onOver()
  }

  async #rest(): Promise<void> {
    this.#stopPacing()
    this.#clearTimer()
    await this.#session.packaged
    await this.gate.settled()
  }

  async #keep(): Promise<void> {
    this.#drain(this.#session)
    await Promise.all(this.#drains)
  }

  #drain(session: LiveSession): void {
    const drained = this.#complete('The end of a stream could not be kept', (signal) => session.drain(signal))
    this.#drains.add(drained)
    void drained.then(() => this.#drains.delete(drained))
  }

  async #complete(message: string, step: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await step(AbortSignal.any([this.#giveUp.signal, AbortSignal.timeout(DRAIN_MS)]))
    } catch (error) {
      this.#log.error({ err: error }, message)
    }
  }

  #describe(session: LiveSession): StreamReport {
    const { nodeUrl, nowMs } = this.#options
    const uptimeMs = this.#liveSinceMs === null ? 0 : Math.max(0, nowMs() - this.#liveSinceMs)
    return {
      broadcastId: this.#id,
      epoch: session.epoch,
      state: reportedState[this.#state.name],
      nodeUrl,
      silentMs: Math.max(0, Math.round(session.silentMs)),
      health: session.health(uptimeMs),
    }
  }
}

const reportedState = {
  offered: StreamState.OFFERED,
  live: StreamState.LIVE,
  interrupted: StreamState.INTERRUPTED,
  ended: StreamState.ENDED,
} as const satisfies Record<BroadcastState['name'], StreamState>
