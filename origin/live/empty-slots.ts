import type { PackagerEvent } from '../media/packager.ts'
import type { SegmentEntry } from '../media/types.ts'
import type { Left } from './resume.ts'

type SegmentEvent = Extract<PackagerEvent, { type: 'segment' }>

interface Slot {
  id: string
  timescale: number
  /** What is listed last of it. */
  before: SegmentEntry
  /** Its encoder is on the way; null: nobody will fill it in this epoch. */
  epoch: number | null
}

/** A rung's encoder may be so many segments late before its slot is empty there. */
const PATIENCE_SEGMENTS = 2

/**
 * The first master froze a broadcast's slots (MEDIA.md 10). Those that a returning publisher does not fill, or not yet,
 * get a GAP for each of its segments, so that numbers stay aligned and whoever waits is answered.
 */
export class EmptySlots {
  readonly #leadId: string
  readonly #slots = new Map<string, Slot>()
  /** Numbers up to which a slot was empty before its encoder came. */
  readonly #emptyUntil = new Map<string, number>()
  #leadTimescale = 1
  /** The lead's segments that not all slots have. */
  #recent: SegmentEntry[] = []

  /**
   * @param left what the broadcast lists so far
   * @param comes ids of the renditions that the publisher fills; the first of them leads
   */
  constructor(left: Left, comes: readonly string[], epoch: number) {
    this.#leadId = comes[0] ?? ''
    for (const { id, timescale, entries } of left.renditions) {
      const before = entries.at(-1)
      if (!before || id === this.#leadId) continue
      this.#slots.set(id, { id, timescale, before, epoch: comes.includes(id) ? epoch : null })
    }
  }

  /** What becomes of an event of the packager's: itself unless its slot is empty there, and gaps of other slots. */
  take(event: PackagerEvent): PackagerEvent[] {
    if (event.type === 'rendition') {
      this.#begin(event.rendition.id)
      if (event.rendition.id === this.#leadId) this.#leadTimescale = event.rendition.timescale
      return [event]
    }
    const sequence = event.type === 'part' ? event.part.sequence : event.entry.sequence
    if (sequence <= (this.#emptyUntil.get(event.renditionId) ?? -1)) return []
    if (event.type === 'part' || event.renditionId !== this.#leadId) return [event]
    return [event, ...this.#gapsAt(event.entry)]
  }

  #begin(renditionId: string): void {
    const slot = this.#slots.get(renditionId)
    if (!slot) return
    this.#slots.delete(renditionId)
    if (slot.before.gap && slot.before.epoch === slot.epoch) {
      this.#emptyUntil.set(renditionId, slot.before.sequence)
    }
  }

  #gapsAt(lead: SegmentEntry): PackagerEvent[] {
    this.#recent.push(lead)
    const gaps: PackagerEvent[] = []
    for (const slot of this.#slots.values()) {
      const until = slot.epoch === null ? lead.sequence : lead.sequence - PATIENCE_SEGMENTS
      for (const entry of this.#recent) {
        if (entry.sequence <= slot.before.sequence || entry.sequence > until) continue
        gaps.push(this.#gap(slot, entry))
      }
    }
    this.#recent = this.#recent.slice(-PATIENCE_SEGMENTS)
    return gaps
  }

  /** The header of what is listed before it holds on, where no other will come. */
  #gap(slot: Slot, lead: SegmentEntry): SegmentEvent {
    const { before, timescale } = slot
    const { header: _, ...common } = lead
    const epoch = slot.epoch ?? before.epoch
    const entry: SegmentEntry = {
      ...common,
      epoch,
      dts: before.dts + before.duration,
      duration: Math.max(1, Math.round((lead.duration * timescale) / this.#leadTimescale)),
      sizeBytes: 0,
      independent: false,
      gap: true,
      ...(epoch === before.epoch && before.header !== undefined && { header: before.header }),
    }
    slot.before = entry
    return { type: 'segment', epoch, renditionId: slot.id, entry, chunks: [] }
  }
}
