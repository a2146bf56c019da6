import type { LiveTimeline } from '../media/live-timeline.ts'

/** How long an ended broadcast is still served, so that players reach its last segment. */
const SERVED_AFTER_END_MS = 60_000

/** The timelines that this node serves, by id. */
export class LiveRegistry {
  readonly #timelines = new Map<string, LiveTimeline>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #servedAfterEndMs: number

  constructor(servedAfterEndMs = SERVED_AFTER_END_MS) {
    this.#servedAfterEndMs = servedAfterEndMs
  }

  add(timelineId: string, timeline: LiveTimeline): void {
    this.#timelines.set(timelineId, timeline)
  }

  get(timelineId: string): LiveTimeline | null {
    return this.#timelines.get(timelineId) ?? null
  }

  /** The broadcast is over: forget it after a while, unless a new one has its place by then. */
  retire(timelineId: string, timeline: LiveTimeline): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (this.#timelines.get(timelineId) === timeline) this.#timelines.delete(timelineId)
    }, this.#servedAfterEndMs)
    this.#timers.add(timer)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timelines.clear()
  }
}
