import type { PackagerEvent } from '../packager/events.ts'
import { LIVE_HOLD, type ListedPart, type LiveSegment, type LiveView } from '../playlists/live.ts'
import { type HeaderOf, sameHeader } from '../playlists/tags.ts'
import { windowStart } from '../timeline.ts'
import type { Part, RenditionInfo, SegmentEntry } from '../types.ts'

type PartEvent = Extract<PackagerEvent, { type: 'part' }>
type SegmentEvent = Extract<PackagerEvent, { type: 'segment' }>

interface HeldSegment {
  live: LiveSegment
  /** Null once the bytes were let go. */
  chunks: readonly Uint8Array[] | null
  stored: boolean
}

interface OpenSegment {
  epoch: number
  sequence: number
  programTimeMs: number
  discontinuity: boolean
  header?: number
  parts: Part[]
}

/** Audio's segments are a frame shorter now and then: windows of all renditions begin with the same number nevertheless. */
const WINDOW_SLACK_MS = 100

export interface TailWindow {
  /** What the playlist lists. */
  windowMs: number
  /** How far back parts are listed. */
  partsMs: number
}

/** What a live window holds of one rendition. */
export class RenditionTail {
  info: RenditionInfo
  readonly #window: TailWindow
  /** By epoch and header. */
  readonly #inits = new Map<string, Uint8Array>()
  readonly #partData = new Map<string, Uint8Array>()
  #segments: HeldSegment[] = []
  #open: OpenSegment | null = null
  #discontinuitySequence: number
  #lastPart: { epoch: number; sequence: number; index: number; number: number } | null = null
  #bytesHeld = 0
  /** The epoch that began behind what an earlier one left. */
  #resumedEpoch: number | null = null

  /** @param discontinuitySequence discontinuities before the first segment */
  constructor(info: RenditionInfo, window: TailWindow, discontinuitySequence: number) {
    this.info = info
    this.#window = window
    this.#discontinuitySequence = discontinuitySequence
  }

  /** Media bytes in memory. */
  get bytesHeld(): number {
    return this.#bytesHeld
  }

  /** The newest part. A GAP counts as a segment of one part, so that reports keep pace. */
  get lastPart(): { epoch: number; sequence: number; index: number; number: number } | null {
    return this.#lastPart
  }

  /** Number of the newest finished segment, or the one before the first. */
  get lastSequence(): number {
    return this.#segments.at(-1)?.live.entry.sequence ?? (this.#open?.sequence ?? 0) - 1
  }

  get segments(): readonly SegmentEntry[] {
    return this.#segments.map((segment) => segment.live.entry)
  }

  /** Discontinuities before the first segment that is listed. */
  get discontinuitySequence(): number {
    return this.#discontinuitySequence
  }

  get openParts(): readonly Part[] {
    return this.#open?.parts ?? []
  }

  setInit(header: HeaderOf, init: Uint8Array): void {
    this.#inits.set(keyOf(header), init)
  }

  addPart({ epoch, part, segment }: PartEvent): void {
    if (this.#open?.sequence !== part.sequence || this.#open.epoch !== epoch) {
      this.#open = { epoch, sequence: part.sequence, ...segment, parts: [] }
    }
    this.#open.parts.push(part)
    if (!part.gap) this.#partData.set(`${epoch}/${part.number}`, part.data)
    this.#bytesHeld += part.data.length
    this.#lastPart = { epoch, sequence: part.sequence, index: part.index, number: part.number }
  }

  addSegment({ entry, chunks }: SegmentEvent): void {
    const parts = this.#open?.sequence === entry.sequence ? this.#open.parts : []
    const listed = parts.map(({ number, duration, independent, gap }) => ({
      number,
      duration,
      independent,
      ...(gap && { gap }),
    }))
    this.#segments.push({ live: { entry, parts: listed }, chunks, stored: false })
    this.#open = null
    if (entry.gap) {
      const number = this.#lastPart?.epoch === entry.epoch ? this.#lastPart.number : -1
      this.#lastPart = { epoch: entry.epoch, sequence: entry.sequence, index: 0, number }
    }
    this.#shrink()
  }

  /** Lists what earlier epochs left: it is stored elsewhere. @param epoch the one that goes on after it */
  restore(entries: readonly SegmentEntry[], epoch: number): void {
    for (const entry of entries)
      this.#segments.push({ live: { entry, parts: [] }, chunks: null, stored: true })
    const last = entries.at(-1)
    const number = this.#lastPart?.epoch === epoch ? this.#lastPart.number : -1
    if (last) this.#lastPart = { epoch, sequence: last.sequence, index: 0, number }
    this.#resumedEpoch = epoch
    this.#shrink()
  }

  /** Whether a player that starts as far from the end as it is told to finds media there, and not what was lost. */
  get isStartable(): boolean {
    const last = this.#lastPart
    if (last === null) return false
    return last.epoch !== this.#resumedEpoch || last.number >= LIVE_HOLD.parts
  }

  markStored(epoch: number, sequence: number): void {
    const segment = this.#find(epoch, sequence)
    if (!segment) return
    segment.stored = true
    this.#shrink()
  }

  /** Lets go of the oldest segment's bytes, stored or not. False when there are none to let go. */
  dropOldestBytes(): boolean {
    const segment = this.#segments.find((s) => s.chunks !== null && s.chunks.length > 0)
    if (!segment) return false
    this.#unlistParts(segment)
    this.#dropBytes(segment)
    return true
  }

  init(header: HeaderOf): Uint8Array | null {
    return this.#inits.get(keyOf(header)) ?? null
  }

  part(epoch: number, number: number): Uint8Array | null {
    return this.#partData.get(`${epoch}/${number}`) ?? null
  }

  /** Null when it isn't listed; `chunks` null when its bytes were let go; `stored` when they are safe elsewhere. */
  segment(
    epoch: number,
    sequence: number,
  ): { entry: SegmentEntry; chunks: readonly Uint8Array[] | null; stored: boolean } | null {
    const found = this.#find(epoch, sequence)
    return found ? { entry: found.live.entry, chunks: found.chunks, stored: found.stored } : null
  }

  /**
   * Media that holds the newest key frame: the newest segment that begins with one, or, where key frames are too far
   * apart for that, all that is in memory and needs the same header.
   */
  latestKeyFrame(): { init: Uint8Array; chunks: readonly Uint8Array[] } | null {
    const newest = this.#open ?? this.#segments.at(-1)?.live.entry
    const init = newest && this.init(newest)
    if (!init) return null
    const open = this.openParts
    if (open[0]?.independent) return { init, chunks: open.map((part) => part.data) }
    const held = this.#segments.filter((s) => sameHeader(newest, s.live.entry) && s.chunks !== null)
    const independent = held.findLast((s) => s.live.entry.independent)
    const chunks = independent ? (independent.chunks ?? []) : held.flatMap((s) => s.chunks ?? [])
    return chunks.length > 0 ? { init, chunks } : null
  }

  view(): Pick<LiveView, 'rendition' | 'discontinuitySequence' | 'segments' | 'open' | 'next'> {
    const last = this.#lastPart
    return {
      rendition: this.info,
      discontinuitySequence: this.#discontinuitySequence,
      segments: this.#segments.map((segment) => segment.live),
      open: this.#open,
      next: last ? { epoch: last.epoch, part: last.number + 1 } : null,
    }
  }

  #find(epoch: number, sequence: number): HeldSegment | null {
    const found = this.#segments.findLast((s) => s.live.entry.sequence === sequence)
    return found?.live.entry.epoch === epoch ? found : null
  }

  /** Takes out of the window what fell out of it, parts first. */
  #shrink(): void {
    const entries = this.#segments.map((segment) => segment.live.entry)
    const start = windowStart(this.info.timescale, entries, this.#window.windowMs - WINDOW_SLACK_MS)
    for (const segment of this.#segments.splice(0, start)) {
      if (segment.live.entry.discontinuity) this.#discontinuitySequence++
      this.#unlistParts(segment)
      this.#dropBytes(segment)
      this.#forgetInit(segment.live.entry)
    }
    const withParts = windowStart(this.info.timescale, entries.slice(start), this.#window.partsMs)
    for (const segment of this.#segments.slice(0, withParts)) {
      this.#unlistParts(segment)
      if (segment.stored) this.#dropBytes(segment)
    }
  }

  #unlistParts(segment: HeldSegment): void {
    const { entry, parts } = segment.live
    if (parts.length === 0) return
    for (const part of parts) this.#partData.delete(`${entry.epoch}/${part.number}`)
    const none: readonly ListedPart[] = []
    segment.live = { entry, parts: none }
  }

  #dropBytes(segment: HeldSegment): void {
    if (segment.chunks === null || segment.live.entry.gap) return
    segment.chunks = null
    this.#bytesHeld -= segment.live.entry.sizeBytes
  }

  #forgetInit(header: HeaderOf): void {
    const needed =
      (this.#open && sameHeader(this.#open, header)) ||
      this.#segments.some((s) => sameHeader(s.live.entry, header))
    if (!needed && this.#inits.size > 1) this.#inits.delete(keyOf(header))
  }
}

function keyOf({ epoch, header = 0 }: HeaderOf): string {
  return `${epoch}/${header}`
}
