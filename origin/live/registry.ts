import type { LiveTimeline } from '../media/live-timeline.ts'

/** How long an ended broadcast is still served, so that players reach its last segment. */
const SERVED_AFTER_END_MS = 60_000

interface Served {
  timeline: LiveTimeline
  /** Of the newest publisher session that it is fed by. */
  epoch: number
}

/** The timelines that this node serves, by id. */
export class LiveRegistry {
  readonly #served = new Map<string, Served>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #servedAfterEndMs: number

  constructor(servedAfterEndMs = SERVED_AFTER_END_MS) {
    this.#servedAfterEndMs = servedAfterEndMs
  }

  /** Serves a timeline, unless a newer epoch has its place: one that is late must not take players back. */
  add(timelineId: string, epoch: number, timeline: LiveTimeline): void {
    if (this.newestEpoch(timelineId) <= epoch) this.#served.set(timelineId, { timeline, epoch })
  }

  get(timelineId: string): LiveTimeline | null {
    return this.#served.get(timelineId)?.timeline ?? null
  }

  /** The newest epoch of a timeline that is served; 0 when none is. */
  newestEpoch(timelineId: string): number {
    return this.#served.get(timelineId)?.epoch ?? 0
  }

  /** The broadcast is over: forget it after a while, unless a new one has its place by then. */
  retire(timelineId: string, timeline: LiveTimeline): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (this.get(timelineId) === timeline) this.#served.delete(timelineId)
    }, this.#servedAfterEndMs)
    this.#timers.add(timer)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#served.clear()
  }
}
