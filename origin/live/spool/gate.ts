import type { PackagerEvent } from '../../media/packager.ts'

export interface SpoolGateOptions {
  /** Where events go on to, in order: the timeline. */
  apply(event: PackagerEvent, arrivedAtMs: number): void
  /** Longest that an event waits for the disk; 500 ms unless told. */
  maxHoldMs?: number
  /** Most media bytes that wait; beyond them all goes on; 8 MiB unless told. */
  maxHeldBytes?: number
}

interface Held {
  event: PackagerEvent
  arrivedAtMs: number
  /** Its spool record isn't written yet. */
  waits: boolean
  timer: NodeJS.Timeout | null
}

const MAX_HOLD_MS = 500
const MAX_HELD_BYTES = 8 * 1024 * 1024

/**
 * Stands between a broadcast's packagers and its timeline, for as long as the timeline lives: a segment is listed once
 * its record is in the spool (MEDIA.md 16), parts at once. Keeps the order of events within a rendition. A disk that
 * keeps it waiting too long, or too much, is waited for no more: the live path comes first.
 */
export class SpoolGate {
  readonly #options: Required<SpoolGateOptions>
  readonly #lanes = new Map<string, Held[]>()
  #heldBytes = 0
  #onSettled: (() => void)[] = []

  constructor(options: SpoolGateOptions) {
    this.#options = { maxHoldMs: MAX_HOLD_MS, maxHeldBytes: MAX_HELD_BYTES, ...options }
  }

  /**
   * @param arrivedAtMs when the sample came in that brought the event about
   * @param written what `Recorder.take` answered: settles when the event's record is in the spool, or can't be; null
   *   for what waits for no record
   */
  pass(event: PackagerEvent, arrivedAtMs: number, written: Promise<unknown> | null): void {
    const id = renditionOf(event)
    const lane = this.#lanes.get(id) ?? []
    if (written === null && lane.length === 0) {
      this.#options.apply(event, arrivedAtMs)
      return
    }
    const held: Held = { event, arrivedAtMs, waits: written !== null, timer: null }
    lane.push(held)
    this.#lanes.set(id, lane)
    this.#heldBytes += sizeOf(event)
    if (written) {
      const release = () => {
        held.waits = false
        this.#advance(id)
      }
      held.timer = setTimeout(release, this.#options.maxHoldMs)
      written.then(release, release)
    }
    if (this.#heldBytes > this.#options.maxHeldBytes) this.flush()
  }

  /** Lets everything go on now, in order. */
  flush(): void {
    for (const [id, lane] of this.#lanes) {
      for (const held of lane) held.waits = false
      this.#advance(id)
    }
  }

  /** Resolves when nothing waits: before a timeline is ended. Within `maxHoldMs`. */
  async settled(): Promise<void> {
    if (this.#lanes.size > 0) await new Promise<void>((resolve) => this.#onSettled.push(resolve))
  }

  #advance(id: string): void {
    const lane = this.#lanes.get(id)
    if (!lane) return
    for (let held = lane[0]; held && !held.waits; held = lane[0]) {
      lane.shift()
      if (held.timer) clearTimeout(held.timer)
      this.#heldBytes -= sizeOf(held.event)
      this.#options.apply(held.event, held.arrivedAtMs)
    }
    if (lane.length > 0) return
    this.#lanes.delete(id)
    if (this.#lanes.size > 0) return
    for (const resolve of this.#onSettled.splice(0)) resolve()
  }
}

function renditionOf(event: PackagerEvent): string {
  return event.type === 'rendition' ? event.rendition.id : event.renditionId
}

function sizeOf(event: PackagerEvent): number {
  switch (event.type) {
    case 'rendition':
      return event.init.byteLength
    case 'part':
      return event.part.data.byteLength
    case 'segment':
      // Its bytes are its parts', which went on before it.
      return 0
    default:
      return event satisfies never
  }
}
