import { EDGE_TOKEN_HEADER, REQUEST_ID_HEADER } from '@streamtube/contracts/headers.ts'
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

export interface MediaRequest {
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

/** Fetches media from the origins that have it: first where the live tail is, then where recordings are. */
export class MediaOrigin {
  readonly #options: MediaOriginOptions

  constructor(options: MediaOriginOptions) {
    this.#options = options
  }

  /**
   * @returns the origin's answer, whatever its status
   * @throws OriginAwayError; what the locator throws; a TimeoutError when `signal` says so
   */
  async fetch(request: MediaRequest, signal: AbortSignal): Promise<Response> {
    const location = await this.#options.locator.locate(request.timelineId)
    let cause: unknown
    if (request.live && location.liveUrl !== undefined) {
      try {
        const response = await this.#ask(location.liveUrl, request, signal)
        if (response.status !== 404) return response
        await response.body?.cancel()
      } catch (error) {
        if (signal.aborted) throw signal.reason
        this.#options.locator.doubt(request.timelineId)
        this.#options.log.warn(
          { err: error, timelineId: request.timelineId },
          'The live origin does not answer',
        )
        cause = error
      }
    }
    return this.#askLibrary(location, request, signal, cause)
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
      if (response.status !== 404 || liveFault === undefined) return response
      await response.body?.cancel()
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw new OriginAwayError({ cause: error })
    }
    throw new OriginAwayError({ cause: liveFault })
  }

  async #ask(baseUrl: string, { address, range }: MediaRequest, signal: AbortSignal): Promise<Response> {
    const { fetch, newId, proof, requests, log } = this.#options
    const requestId = newId()
    const headers: Record<string, string> = {
      [EDGE_TOKEN_HEADER]: await proof(),
      [REQUEST_ID_HEADER]: requestId,
      'accept-encoding': 'identity',
    }
    if (range !== undefined) headers.range = range
    const response = await fetch(`${baseUrl}/media/${address}`, { headers, redirect: 'manual', signal })
    requests.labels(String(response.status)).inc()
    log.debug({ requestId, address, status: response.status }, 'Asked the origin for media')
    return response
  }
}
