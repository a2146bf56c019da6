import type { MediaPath } from '@streamtube/contracts/media-paths.ts'
import type { PackagerEvent } from './packager/events.ts'
import {
  LIVE_HOLD,
  type LiveView,
  livePlaylist,
  type MasterRendition,
  masterPlaylist,
  TARGET_DURATION_SECONDS,
} from './playlists.ts'
import { RenditionTail } from './tail/rendition-tail.ts'
import { Waiters, type WaitResult } from './tail/waiters.ts'
import { type Bandwidth, measureBandwidth } from './timeline.ts'
import type { PartTargetMs, RenditionInfo, SegmentEntry } from './types.ts'

export interface LiveTimelineOptions {
  timelineId: string
  partTargetMs: PartTargetMs
  /** What playlists list, 60 s when absent. */
  windowMs?: number
  /** EXT-X-DISCONTINUITY-SEQUENCE to begin with: the marks of earlier epochs, which are not held here. */
  discontinuitySequence?: number
  /** Bound on media bytes held, 64 MiB when absent. Over it the oldest segments are let go, stored or not. */
  maxBytes?: number
}

/** A live window as numbers: what whoever goes on with it needs to know. */
export interface ListedTail {
  renditions: readonly { id: string; timescale: number; entries: readonly SegmentEntry[] }[]
  discontinuitySequence: number
}

/** An object of the tail. `stored`: listed, but its bytes were let go after `markStored`: read them from blobs. */
export type LiveObject =
  | { state: 'memory'; chunks: readonly Uint8Array[]; sizeBytes: number }
  | { state: 'stored'; sizeBytes: number }

/** `ready`: answer now. `too-far`: 400. `timeout`: 503. `ended`: nothing more will come, answer with what there is. */
export type WaitOutcome = WaitResult | 'too-far' | 'unknown-rendition'

export interface WaitOptions {
  /** Three target durations (12 s) when absent. */
  timeoutMs?: number
  signal?: AbortSignal
}

const DEFAULT_WINDOW_MS = 60_000
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024
/** A player's wait for a part or segment ends after three target durations (MEDIA.md 13). */
const MAX_WAIT_MS = 3 * TARGET_DURATION_SECONDS * 1000
/** The master waits this long for rungs that don't come (MEDIA.md 10). */
const MASTER_PATIENCE_MS = 3000
/** Segments that a request may be ahead of the newest finished one. */
const MAX_AHEAD = 2

/**
 * The tail of a live broadcast in memory, fed by packagers (one per epoch), read by HTTP. Its owner calls `end`, which
 * answers every waiter and stops its timer.
 */
export class LiveTimeline {
  readonly #options: Required<LiveTimelineOptions>
  readonly #tails = new Map<string, RenditionTail>()
  readonly #declared = new Set<string>()
  readonly #waiters = new Map<string, Waiters>()
  readonly #masterWaiters = new Waiters()
  /** Playlists as text, until something changes. */
  readonly #texts = new Map<string, string>()
  /** When the last sample of each rendition's newest part came in. */
  readonly #arrivals = new Map<string, number>()
  /** As the last master said. */
  readonly #bandwidths = new Map<string, Bandwidth>()
  #declaredAtMs = Number.NEGATIVE_INFINITY
  #patienceTimer: NodeJS.Timeout | null = null
  #patienceOver = false
  #ended = false

  constructor(options: LiveTimelineOptions) {
    this.#options = {
      windowMs: DEFAULT_WINDOW_MS,
      maxBytes: DEFAULT_MAX_BYTES,
      discontinuitySequence: 0,
      ...options,
    }
  }

  /** Names the renditions that a complete master has. Call at the start of the broadcast. */
  declare(renditionIds: readonly string[], nowMs: number): void {
    for (const id of renditionIds) this.#declared.add(id)
    this.#declaredAtMs = nowMs
    if (this.#patienceTimer) clearTimeout(this.#patienceTimer)
    this.#patienceTimer = setTimeout(() => {
      this.#patienceOver = true
      this.#masterWaiters.notify()
    }, MASTER_PATIENCE_MS)
    this.#patienceTimer.unref()
  }

  /** Whether a rendition was announced, begun or not. */
  expects(renditionId: string): boolean {
    return this.#declared.has(renditionId) || this.#tails.has(renditionId)
  }

  /** Ids of all renditions that were announced or have begun. */
  get slots(): readonly string[] {
    return [...new Set([...this.#declared, ...this.#tails.keys()])]
  }

  /** @param arrivedAtMs when the sample came in that brought the event about */
  apply(event: PackagerEvent, arrivedAtMs?: number): void {
    this.#texts.clear()
    if (event.type === 'rendition') {
      const { rendition } = event
      const tail = this.#tails.get(rendition.id) ?? this.#begin(rendition)
      // An encoder that doesn't tell its rate has the one that was measured before, until it is measured again.
      const { frameRate } = tail.info
      tail.info = { ...(frameRate !== undefined && { frameRate }), ...rendition }
      tail.setInit(event, event.init)
      this.#masterWaiters.notify()
      return
    }
    const tail = this.#tails.get(event.renditionId)
    if (!tail) return
    if (event.type === 'part') tail.addPart(event)
    else tail.addSegment(event)
    if (event.type === 'part' && arrivedAtMs !== undefined) {
      this.#arrivals.set(event.renditionId, arrivedAtMs)
    }
    this.#holdBound()
    this.#waiters.get(event.renditionId)?.notify()
    if (this.#masterWaiters.size > 0) this.#masterWaiters.notify()
  }

  /**
   * Lists what earlier epochs left of a rendition, before its first part comes and after its description.
   * @param epoch the one that goes on after it
   */
  restore(renditionId: string, entries: readonly SegmentEntry[], epoch: number): void {
    this.#texts.clear()
    this.#tails.get(renditionId)?.restore(entries, epoch)
    this.#waiters.get(renditionId)?.notify()
    this.#masterWaiters.notify()
  }

  /** Lists numbers of a rendition for which there is no media, after all that it has: its encoder is away. */
  appendGaps(renditionId: string, entries: readonly SegmentEntry[]): void {
    const tail = this.#tails.get(renditionId)
    if (!tail || entries.length === 0) return
    this.#texts.clear()
    this.#measured(tail)
    for (const entry of entries) {
      tail.addSegment({ type: 'segment', epoch: entry.epoch, renditionId, entry, chunks: [] })
    }
    this.#waiters.get(renditionId)?.notify()
  }

  /** The segment's bytes are safe elsewhere: they may be let go once its parts are no longer listed. */
  markStored(renditionId: string, epoch: number, sequence: number): void {
    this.#tails.get(renditionId)?.markStored(epoch, sequence)
  }

  /** No more will come: playlists get ENDLIST, every waiter is answered. */
  end(): void {
    this.#ended = true
    this.#texts.clear()
    if (this.#patienceTimer) clearTimeout(this.#patienceTimer)
    this.#masterWaiters.end()
    for (const waiters of this.#waiters.values()) waiters.end()
  }

  /** Another node has the broadcast from now on: whoever waits is to ask again, and this says nothing of an end. */
  leave(): void {
    if (this.#patienceTimer) clearTimeout(this.#patienceTimer)
    this.#masterWaiters.end('aborted')
    for (const waiters of this.#waiters.values()) waiters.end('aborted')
  }

  /** The object at an address of media (init, segment or part), or null. */
  object(path: MediaPath): LiveObject | null {
    if (path.type === 'master' || path.type === 'playlist' || path.type === 'sheet') return null
    if (path.timelineId !== this.#options.timelineId) return null
    const tail = this.#tails.get(path.renditionId)
    if (!tail) return null
    if (path.type === 'init') return inMemory(tail.init(path))
    if (path.type === 'part') return inMemory(tail.part(path.epoch, path.part))
    const segment = tail.segment(path.epoch, path.sequence)
    if (!segment || segment.entry.gap) return null
    const { sizeBytes } = segment.entry
    if (segment.chunks) return { state: 'memory', chunks: segment.chunks, sizeBytes }
    return segment.stored ? { state: 'stored', sizeBytes } : null
  }

  /** Waits for a part that a preload hint named. Outcome `ready`: `object` has it, or it is gone, or a gap. */
  async waitForPart(
    renditionId: string,
    epoch: number,
    part: number,
    wait: WaitOptions = {},
  ): Promise<WaitOutcome> {
    const tail = this.#tails.get(renditionId)
    if (!tail) return 'unknown-rendition'
    const next = tail.lastPart?.epoch === epoch ? tail.lastPart.number + 1 : 0
    if (part > next) return 'too-far'
    if (part < next) return 'ready'
    const isSettled = () => {
      const last = tail.lastPart
      // When another epoch goes on, what was hinted of this one will never be.
      return last !== null && (last.epoch > epoch || (last.epoch === epoch && last.number >= part))
    }
    return this.#wait(renditionId, isSettled, wait)
  }

  /**
   * Waits until a playlist has (msn, part), for blocking reload (MEDIA.md 13). `part` null: the whole segment. A part
   * past its segment's end means the first of the next.
   */
  async waitFor(
    renditionId: string,
    msn: number,
    part: number | null,
    wait: WaitOptions = {},
  ): Promise<WaitOutcome> {
    if (!this.expects(renditionId)) return 'unknown-rendition'
    const tail = this.#tails.get(renditionId)
    if (tail && this.#isTooFar(tail, msn, part)) return 'too-far'
    return this.#wait(renditionId, () => this.#has(renditionId, msn, part), wait)
  }

  /** Waits until every declared rendition has a part and is described, or 3 s after `declare` (at least one then). */
  async waitForMaster(wait: WaitOptions = {}): Promise<WaitOutcome> {
    return this.#masterWaiters.wait(() => this.#masterReady(), wait.timeoutMs ?? MAX_WAIT_MS, wait.signal)
  }

  /** The multivariant playlist, or null while it is withheld. */
  master(nowMs: number): string | null {
    if (nowMs - this.#declaredAtMs >= MASTER_PATIENCE_MS) this.#patienceOver = true
    if (!this.#masterReady() && !this.#ended) return null
    const listed = this.#inOrder().filter((tail) => isPresentable(tail) || (this.#ended && tail.lastPart))
    return listed.length === 0 ? null : masterPlaylist(listed.map((tail) => this.#measured(tail)))
  }

  /** A rendition's media playlist, or null when there is none yet. Cached between changes. */
  playlist(renditionId: string, options: { skip: boolean }): string | null {
    const key = options.skip ? `${renditionId}?skip` : renditionId
    const known = this.#texts.get(key)
    if (known !== undefined) return known
    const view = this.snapshot(renditionId)
    if (!view) return null
    const text = livePlaylist(view, options)
    this.#texts.set(key, text)
    return text
  }

  /** What a playlist is made of, or null before the rendition's first part. */
  snapshot(renditionId: string): LiveView | null {
    const tail = this.#tails.get(renditionId)
    if (!tail?.lastPart) return null
    const reports: { renditionId: string; sequence: number; part: number }[] = []
    for (const other of this.#inOrder()) {
      if (other === tail || !other.lastPart) continue
      reports.push({
        renditionId: other.info.id,
        sequence: other.lastPart.sequence,
        part: other.lastPart.index,
      })
    }
    return {
      timelineId: this.#options.timelineId,
      partTargetMs: this.#options.partTargetMs,
      ...tail.view(),
      reports,
      ended: this.#ended,
    }
  }

  /** The newest independent segment of a video rendition, finished or not, with its header: for thumbnails. */
  latestKeyFrame(renditionId: string): { init: Uint8Array; chunks: readonly Uint8Array[] } | null {
    return this.#tails.get(renditionId)?.latestKeyFrame() ?? null
  }

  /** When the last sample of the rendition's newest part came in; null before its first part, or when nobody said. */
  partArrivedAtMs(renditionId: string): number | null {
    return this.#arrivals.get(renditionId) ?? null
  }

  /** The finished segments that are listed of each rendition, and the discontinuities before that. */
  get listed(): ListedTail {
    const tails = this.#inOrder().filter((tail) => tail.segments.length > 0)
    return {
      renditions: tails.map(({ info: { id, timescale }, segments }) => ({
        id,
        timescale,
        entries: segments,
      })),
      discontinuitySequence: tails[0]?.discontinuitySequence ?? this.#options.discontinuitySequence,
    }
  }

  get renditions(): readonly RenditionInfo[] {
    return this.#inOrder().map((tail) => tail.info)
  }

  get bytesHeld(): number {
    let bytes = 0
    for (const tail of this.#tails.values()) bytes += tail.bytesHeld
    return bytes
  }

  get ended(): boolean {
    return this.#ended
  }

  #begin(info: RenditionInfo): RenditionTail {
    const partsMs = LIVE_HOLD.segmentsSeconds * 1000
    const { windowMs, discontinuitySequence } = this.#options
    const tail = new RenditionTail(info, { windowMs, partsMs }, discontinuitySequence)
    this.#tails.set(info.id, tail)
    return tail
  }

  /** Source first, rungs from tall to small, audio last: the order of the master. */
  #inOrder(): RenditionTail[] {
    const rank = ({ info }: RenditionTail) =>
      info.id === 'source' ? Number.POSITIVE_INFINITY : info.kind === 'audio' ? -1 : (info.height ?? 0)
    return [...this.#tails.values()].sort((a, b) => rank(b) - rank(a))
  }

  #wait(renditionId: string, isReady: () => boolean, wait: WaitOptions): Promise<WaitOutcome> {
    let waiters = this.#waiters.get(renditionId)
    if (!waiters) {
      waiters = new Waiters()
      this.#waiters.set(renditionId, waiters)
      if (this.#ended) waiters.end()
    }
    return waiters.wait(isReady, wait.timeoutMs ?? MAX_WAIT_MS, wait.signal)
  }

  #isTooFar(tail: RenditionTail, msn: number, part: number | null): boolean {
    if (msn > tail.lastSequence + MAX_AHEAD) return true
    // RFC 8216bis 6.2.5.2: the advance part limit.
    const limit = Math.ceil(3000 / this.#options.partTargetMs)
    const listed = msn === tail.lastSequence + 1 ? tail.openParts.length - 1 : 0
    return part !== null && msn > tail.lastSequence && part > listed + limit
  }

  #has(renditionId: string, msn: number, part: number | null): boolean {
    const tail = this.#tails.get(renditionId)
    if (!tail?.lastPart) return false
    if (part === null) return tail.lastSequence >= msn
    const { sequence, index } = tail.lastPart
    return sequence > msn || (sequence === msn && index >= part)
  }

  #masterReady(): boolean {
    const [lead] = this.#inOrder().filter((tail) => tail.lastPart !== null)
    if (!lead || !isPresentable(lead)) return false
    return this.#patienceOver || [...this.#declared].every((id) => isPresentable(this.#tails.get(id)))
  }

  /** A window of nothing but gaps says nothing new: what was measured before holds on. */
  #measured(tail: RenditionTail): MasterRendition {
    const now = measured(tail)
    const known = now.averageBps > 0 ? now : { ...now, ...this.#bandwidths.get(tail.info.id) }
    this.#bandwidths.set(tail.info.id, { peakBps: known.peakBps, averageBps: known.averageBps })
    return known
  }

  #holdBound(): void {
    while (this.bytesHeld > this.#options.maxBytes) {
      const largest = [...this.#tails.values()].sort((a, b) => b.bytesHeld - a.bytesHeld)[0]
      if (!largest?.dropOldestBytes()) return
    }
  }
}

/** A player can start with it, and all that a master says of it is known: a rate that no encoder told is measured in nine frames. */
function isPresentable(tail: RenditionTail | undefined): boolean {
  if (!tail?.isStartable) return false
  return tail.info.kind === 'audio' || tail.info.frameRate !== undefined
}

function inMemory(bytes: Uint8Array | null): LiveObject | null {
  return bytes ? { state: 'memory', chunks: [bytes], sizeBytes: bytes.length } : null
}

function measured(tail: RenditionTail): MasterRendition {
  const { segments, info } = tail
  const parts = tail.openParts.map((part) => ({
    duration: part.duration,
    sizeBytes: part.data.length,
    gap: false,
  }))
  // Until a segment is whole, the parts so far are all that can be measured.
  return { info, ...measureBandwidth(info.timescale, segments.length > 0 ? segments : parts) }
}
