import type { PackagerEvent, PackagerOptions } from '../media/packager.ts'
import { EmptySlots } from './empty-slots.ts'
import type { Grant } from './grant.ts'
import type { Left } from './resume.ts'
import { type Resumed, Resumption } from './resumption.ts'

/** What a session goes on with. */
export interface Before {
  left: Left
  /** The slots that the first master froze (MEDIA.md 10). */
  slots: readonly string[]
  /** False: another run of the node had it, so it is to be listed first. */
  isListed: boolean
}

/** What earlier runs of nodes left of the broadcast, by the api's index; null for nothing. */
export function leftBy({ left }: Grant): Before | null {
  if (!left || left.renditions.length === 0) return null
  return { left, slots: left.renditions.map(({ id }) => id), isListed: false }
}

/** How an epoch goes on with what its broadcast lists: with gaps up to its first segments, and where it fills no slot. */
export class Continuation {
  readonly #before: Before
  readonly #resumption: Resumption
  readonly #emptySlots: EmptySlots | null

  /** @param comes ids of the renditions that the publisher fills; the first of them leads */
  constructor(before: Before, grant: Grant, comes: readonly string[], nowMs: number) {
    const { left, isListed } = before
    this.#before = before
    this.#resumption = new Resumption(left, grant, nowMs)
    this.#emptySlots = isListed ? new EmptySlots(left, comes, grant.epoch) : null
  }

  /** What the packager begins with. */
  get beginning(): Pick<PackagerOptions, 'firstSequence' | 'notBeforeMs' | 'timescales'> {
    const { firstSequence, notBeforeMs } = this.#resumption
    const { left, isListed } = this.#before
    const timescales = new Map(left.renditions.map(({ id, timescale }) => [id, timescale]))
    return { firstSequence, notBeforeMs, ...(isListed && { timescales }) }
  }

  /** What becomes of an event of the packager's: see EmptySlots. */
  spread(event: PackagerEvent): PackagerEvent[] {
    return this.#emptySlots?.take(event) ?? [event]
  }

  /** What is to be listed before what an event brings: something once for each rendition, else null. */
  take(event: PackagerEvent): Resumed | null {
    const resumed = this.#resumption.take(event)
    if (!resumed || !this.#before.isListed) return resumed
    return { ...resumed, entries: resumed.lost }
  }
}
