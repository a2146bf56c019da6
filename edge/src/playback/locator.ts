import { Code, ConnectError } from '@connectrpc/connect'
import { Generations } from '../cache/generations.ts'
import { BusyError, SingleFlight } from '../cache/single-flight.ts'
import type { Env } from '../env.ts'
import type { EdgeRpc } from '../rpc.ts'

/** Where a timeline's bytes are served. */
export interface Location {
  /** The origin that holds the live tail; undefined when the timeline is not live. */
  liveUrl: string | undefined
  libraryUrl: string
}

/** Nobody knows the timeline. */
export class UnknownTimelineError extends Error {
  readonly code = 'unknown-timeline'
  constructor() {
    super('No origin has this timeline')
    this.name = 'UnknownTimelineError'
  }
}

/** While the api role is away an answer this old still serves: a place changes far more rarely than a process. */
const STALE_FOR_MS = 10 * 60_000
/** An api role that takes longer than this is not waited for where the place was known: players wait for their parts. */
const PATIENCE_MS = 100
/** Where the known place does not answer a new one is worth more of a wait. */
const PATIENCE_IN_DOUBT_MS = 500
/** Then it is left alone for this long. */
const ASK_AGAIN_AFTER_MS = 1_000
/** A place that goes on not answering is asked for this often at most. */
const ASK_IN_DOUBT_EVERY_MS = 250
/** Doubts that follow each other closer than this are one. */
const DOUBT_LASTS_MS = 10_000
const TIMELINES = 10_000
const MAX_UNDER_WAY = 256

interface Known {
  location: Location
  freshUntilMs: number
  usableUntilMs: number
  askedAtMs: number
  /** When the place last did not answer. */
  doubtedAtMs: number
}

export interface LocatorOptions extends Pick<Env, 'nowMs' | 'sharing' | 'log'> {
  rpc: Pick<EdgeRpc, 'locate'>
}

/** Knows where timelines are, asking the api role once per timeline and `max_age_ms`. */
export class Locator {
  readonly #options: LocatorOptions
  readonly #known = new Generations<Known>(TIMELINES)
  readonly #flights: SingleFlight<Location>

  constructor(options: LocatorOptions) {
    this.#options = options
    this.#flights = new SingleFlight(options.sharing, MAX_UNDER_WAY)
  }

  /**
   * @throws UnknownTimelineError; ConnectError when the api role can't say and nothing usable is known; BusyError
   */
  async locate(timelineId: string): Promise<Location> {
    const { nowMs } = this.#options
    const known = this.#known.get(timelineId)
    if (known && nowMs() < known.freshUntilMs) return known.location
    const answer = this.#flights.run(timelineId, () => this.#ask(timelineId, known))
    if (!known || nowMs() >= known.usableUntilMs) return answer
    const inDoubt = this.#inDoubt(known)
    const instead = () => {
      known.freshUntilMs = nowMs() + (inDoubt ? ASK_IN_DOUBT_EVERY_MS : ASK_AGAIN_AFTER_MS)
      return known.location
    }
    try {
      return await within(inDoubt ? PATIENCE_IN_DOUBT_MS : PATIENCE_MS, answer, instead)
    } catch (error) {
      if (error instanceof BusyError) return instead()
      throw error
    }
  }

  /**
   * Asks anew next time: the place did not answer. What is known stays usable if the api role is away too.
   * @returns whether that is news
   */
  doubt(timelineId: string): boolean {
    const known = this.#known.get(timelineId)
    if (!known) return true
    const isNews = !this.#inDoubt(known)
    known.doubtedAtMs = this.#options.nowMs()
    known.freshUntilMs = isNews ? 0 : Math.min(known.freshUntilMs, known.askedAtMs + ASK_IN_DOUBT_EVERY_MS)
    return isNews
  }

  #inDoubt({ doubtedAtMs }: Known): boolean {
    return this.#options.nowMs() - doubtedAtMs < DOUBT_LASTS_MS
  }

  async #ask(timelineId: string, known: Known | undefined): Promise<Location> {
    const { rpc, nowMs, log } = this.#options
    const askedAtMs = nowMs()
    if (known) known.askedAtMs = askedAtMs
    try {
      const answer = await rpc.locate({ timelineId })
      const location = { liveUrl: answer.liveUrl || undefined, libraryUrl: answer.libraryUrl }
      const now = nowMs()
      this.#known.set(timelineId, {
        location,
        freshUntilMs: now + answer.maxAgeMs,
        usableUntilMs: now + STALE_FOR_MS,
        askedAtMs,
        doubtedAtMs:
          known && known.location.liveUrl === location.liveUrl ? known.doubtedAtMs : Number.NEGATIVE_INFINITY,
      })
      return location
    } catch (err) {
      if (err instanceof ConnectError && err.code === Code.NotFound) {
        this.#known.delete(timelineId)
        throw new UnknownTimelineError()
      }
      if (!known || nowMs() >= known.usableUntilMs) throw err
      log.warn({ err, timelineId }, 'The api role does not answer; using the place known before')
      known.freshUntilMs = nowMs() + (this.#inDoubt(known) ? ASK_IN_DOUBT_EVERY_MS : ASK_AGAIN_AFTER_MS)
      return known.location
    }
  }
}

/** The answer, or what `instead` gives when it takes longer. */
async function within<T>(ms: number, answer: Promise<T>, instead: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(instead()), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
