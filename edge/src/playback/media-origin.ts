import { PROBLEM_CONTENT_TYPE } from '@streamtube/contracts/api/problem.ts'
import { EDGE_TOKEN_HEADER, REQUEST_ID_HEADER } from '@streamtube/contracts/headers.ts'
import type { MediaPath } from '@streamtube/contracts/media-paths.ts'
import type { Env } from '../env.ts'
import type { Cell, Metric } from '../metrics.ts'
import type { Location, Locator } from './locator.ts'

/** No origin that should have the bytes could be reached. */
export class OriginAwayError extends Error {
  readonly code = 'origin-away'
  constructor(options?: ErrorOptions) {
    super('No origin with this media can be reached', options)
    this.name = 'OriginAwayError'
  }
}

/** What answers in an origin's place, a gateway say, or an origin that is broken. */
class NoOriginError extends Error {
  readonly code = 'no-origin'
  constructor(status: number) {
    super(`An answer of ${status} that is not the origin's own`)
    this.name = 'NoOriginError'
  }
}

export interface MediaRequest {
  type: MediaPath['type']
  /** What follows `/media/`, with its canonical query. */
  address: string
  timelineId: string
  /** Whether the live tail may have it: not for the views of what is recorded. */
  live: boolean
  range?: string | undefined
}

export interface MediaOriginOptions extends Pick<Env, 'fetch' | 'newId' | 'log'> {
  locator: Pick<Locator, 'locate' | 'doubt'>
  proof: () => Promise<string>
  requests: Metric<Cell>
}

/** While an answer is waited for, the place is looked up this often: a broadcast may move meanwhile. */
const FOLLOW_EVERY_MS = 1000
/** Places that one request follows its broadcast to. */
const MAX_MOVES = 3

/** Fetches media from the origins that have it: first where the live tail is, then where recordings are. */
export class MediaOrigin {
  readonly #options: MediaOriginOptions

  constructor(options: MediaOriginOptions) {
    this.#options = options
  }

  /**
   * @returns the origin's answer: any status that an origin gives itself
   * @throws OriginAwayError; what the locator throws; a TimeoutError when `signal` says so
   */
  async fetch(request: MediaRequest, signal: AbortSignal): Promise<Response> {
    const { locator, log } = this.#options
    const { timelineId } = request
    let location = await locator.locate(timelineId)
    let cause: unknown
    for (let move = 0; request.live && location.liveUrl !== undefined && move < MAX_MOVES; move++) {
      const asked = location.liveUrl
      try {
        const response = await this.#askLive(asked, request, signal)
        cause = undefined
        if (response && response.status !== 404) return response
        await response?.body?.cancel()
      } catch (error) {
        if (signal.aborted) throw signal.reason
        cause = error
        if (locator.doubt(timelineId)) log.warn({ err: error, timelineId }, 'The live origin does not answer')
      }
      location = await locator.locate(timelineId)
      if (location.liveUrl === asked) break
    }
    return this.#askLibrary(location, request, signal, cause)
  }

  /**
   * Asks a live origin, for as long as the broadcast is there.
   * @returns undefined when it has moved
   */
  async #askLive(liveUrl: string, request: MediaRequest, signal: AbortSignal): Promise<Response | undefined> {
    const moved = new AbortController()
    const follow = async () => {
      const location = await this.#options.locator.locate(request.timelineId)
      if (location.liveUrl !== liveUrl) moved.abort()
    }
    // Nobody to ask for the place: it stays what it was.
    const timer = setInterval(() => void follow().catch(() => {}), FOLLOW_EVERY_MS)
    try {
      return await this.#ask(liveUrl, request, AbortSignal.any([signal, moved.signal]))
    } catch (error) {
      if (moved.signal.aborted && !signal.aborted) return undefined
      throw error
    } finally {
      clearInterval(timer)
    }
  }

  async #askLibrary(
    location: Location,
    request: MediaRequest,
    signal: AbortSignal,
    liveFault: unknown,
  ): Promise<Response> {
    try {
      const response = await this.#ask(location.libraryUrl, request, signal)
      // What isn't recorded may yet be on the live origin that is away: say "come again", not "there is none".
      if (response.status < 400 || liveFault === undefined) return response
      await response.body?.cancel()
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new OriginAwayError({ cause: error })
    }
    throw new OriginAwayError({ cause: liveFault })
  }

  /** @throws NoOriginError; a TypeError when nobody can be reached; the signal's reason */
  async #ask(
    baseUrl: string,
    { type, address, range }: MediaRequest,
    signal: AbortSignal,
  ): Promise<Response> {
    const { fetch, newId, proof, requests, log } = this.#options
    const requestId = newId()
    const headers: Record<string, string> = {
      [EDGE_TOKEN_HEADER]: await proof(),
      [REQUEST_ID_HEADER]: requestId,
      'accept-encoding': 'identity',
    }
    if (range !== undefined) headers.range = range
    const response = await fetch(`${baseUrl}/media/${address}`, {
      headers,
      redirect: 'manual',
      signal,
    }).catch((error: unknown) => {
      requests.labels(type, signal.aborted ? 'aborted' : 'unreachable').inc()
      throw error
    })
    requests.labels(type, String(response.status)).inc()
    log.debug({ requestId, address, status: response.status }, 'Asked the origin for media')
    if (response.status < 500 || isOwn(response)) return response
    await response.body?.cancel()
    throw new NoOriginError(response.status)
  }
}

/** "Nothing new yet": an origin's own 503 is a problem document (RFC 9457), a gateway's is not. */
function isOwn(response: Response): boolean {
  return (
    response.status === 503 &&
    (response.headers.get('content-type')?.startsWith(PROBLEM_CONTENT_TYPE) ?? false)
  )
}
