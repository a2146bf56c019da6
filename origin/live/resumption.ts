import type { PackagerEvent } from '../media/packager.ts'
import type { SegmentEntry } from '../media/types.ts'
import { earliestMs, fillGaps, type Left, sequenceFrom } from './resume.ts'

/** What a rendition's playlist lists before the new epoch. */
export interface Resumed {
  renditionId: string
  entries: readonly SegmentEntry[]
  /** Those of them that nobody has recorded yet: gaps for what was lost. */
  lost: readonly SegmentEntry[]
}

/** Puts what earlier epochs left before a new epoch's first segments, once it is known when those begin. */
export class Resumption {
  /** What the packager begins with. */
  readonly firstSequence: number
  readonly notBeforeMs: number
  readonly #left: Left
  readonly #epoch: number
  /** What the renditions' timescales are now. */
  readonly #timescales = new Map<string, number>()
  readonly #resumed = new Set<string>()
  #filled: ReadonlyMap<string, readonly SegmentEntry[]> | null = null

  /** @param left with one rendition at least */
  constructor(left: Left, grant: { epoch: number; firstSequence: number }, nowMs: number) {
    this.#left = left
    this.#epoch = grant.epoch
    this.firstSequence = sequenceFrom(left, grant, nowMs)
    this.notBeforeMs = earliestMs(left, this.firstSequence)
  }

  /** What is to be listed before what an event brings: something once for each rendition, else null. */
  take(event: PackagerEvent): Resumed | null {
    if (event.type === 'rendition') {
      this.#timescales.set(event.rendition.id, event.rendition.timescale)
      return null
    }
    const { renditionId } = event
    const { programTimeMs } = event.type === 'part' ? event.segment : event.entry
    const rendition = this.#left.renditions.find(({ id }) => id === renditionId)
    this.#filled ??= fillGaps(this.#left, {
      epoch: this.#epoch,
      sequence: this.firstSequence,
      programTimeMs,
    })
    if (!rendition || this.#resumed.has(renditionId)) return null
    this.#resumed.add(renditionId)
    const entries = this.#filled.get(renditionId) ?? []
    const factor = (this.#timescales.get(renditionId) ?? rendition.timescale) / rendition.timescale
    return {
      renditionId,
      entries: entries.map((entry) => scaled(entry, factor)),
      lost: entries.filter((entry) => !rendition.entries.includes(entry)),
    }
  }
}

/** A playlist has one timescale for all that it lists. Not rounded: what was listed must read the same. */
function scaled(entry: SegmentEntry, factor: number): SegmentEntry {
  return factor === 1 ? entry : { ...entry, dts: entry.dts * factor, duration: entry.duration * factor }
}
