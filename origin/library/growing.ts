import type { Database } from '@streamtube/db/index.ts'
import type { RenditionTimeline } from '../media/timeline.ts'
import { minuteOf, withHeaders } from './minute.ts'
import { assemble, readMinutes, readRenditions } from './timeline.ts'

/** Segments come in order but for what a spool or a slow store held back: the newest minutes are always read anew. */
const NEWEST_MINUTES = 3
/** What came in late to an older minute is seen after this time. */
const READ_WHOLE_EVERY_MS = 60_000
const MAX_TIMELINES = 64

interface Known {
  /** Whether renditions are still described as they were. */
  described: string
  /** What lies before `fromMinute`. */
  older: RenditionTimeline[]
  fromMinute: number
  readAtMs: number
}

/**
 * Timelines that grow while they are watched, for playlists that are asked for again and again: of one that is ten hours
 * long only the newest minutes are read each time. Never for what must be complete.
 */
export class GrowingTimelines {
  readonly #db: Database
  readonly #nowMs: () => number
  readonly #known = new Map<string, Known>()

  constructor(db: Database, nowMs: () => number) {
    this.#db = db
    this.#nowMs = nowMs
  }

  /** As `readTimeline`, but for late segments of older minutes. */
  async read(timelineId: string): Promise<RenditionTimeline[]> {
    const descriptions = await readRenditions(this.#db, timelineId)
    const described = descriptions.map(({ renditionId, epoch }) => `${renditionId} ${epoch}`).join()
    const known = this.#known.get(timelineId)
    if (!known || known.described !== described || this.#nowMs() - known.readAtMs > READ_WHOLE_EVERY_MS) {
      const whole = assemble(descriptions, await readMinutes(this.#db, timelineId))
      this.#keep(timelineId, described, whole)
      return whole
    }
    const newest = assemble(descriptions, await readMinutes(this.#db, timelineId, known.fromMinute))
    return newest.map(({ info, segments }, i) => ({
      info,
      segments: withHeaders([...(known.older[i]?.segments ?? []), ...segments]),
    }))
  }

  #keep(timelineId: string, described: string, whole: RenditionTimeline[]): void {
    const endMs = Math.max(0, ...whole.map(({ segments }) => segments.at(-1)?.programTimeMs ?? 0))
    const fromMinute = minuteOf(endMs) - NEWEST_MINUTES
    const older = whole.map(({ info, segments }) => ({
      info,
      segments: segments.filter(({ programTimeMs }) => minuteOf(programTimeMs) < fromMinute),
    }))
    this.#known.delete(timelineId)
    this.#known.set(timelineId, { described, older, fromMinute, readAtMs: this.#nowMs() })
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_TIMELINES && oldest !== undefined) this.#known.delete(oldest)
  }
}
