import type { PlaybackClaims } from '@streamtube/contracts/claims.ts'
import { REQUEST_ID_HEADER } from '@streamtube/contracts/headers.ts'
import { type MediaPath, parseMediaPath } from '@streamtube/contracts/media-paths.ts'
import type { ObjectCache, Recipe, StoredObject } from '../cache/object-cache.ts'
import type { Env } from '../env.ts'
import { answerObject } from '../http/answer-object.ts'
import { problemResponse } from '../http/problems.ts'
import { TokenError } from '../keys/jwt.ts'
import type { Cell, Metric } from '../metrics.ts'
import { directivesQuery, parseDirectives } from './directives.ts'
import { isFor, RungHeights } from './entitlement.ts'
import type { LivePlaylists } from './live-playlists.ts'
import { faultOfError, faultOfStatus, Refused, storedOf } from './media-faults.ts'
import type { MediaOrigin, MediaRequest } from './media-origin.ts'
import { MEDIA_HEADERS, type MediaRecipes, objectHeaders } from './recipes.ts'
import { RevokedError } from './revocations.ts'
import { trimMaster } from './rungs.ts'
import type { PlaybackTokens } from './tokens.ts'

export interface MediaRouteOptions extends Pick<Env, 'nowMs' | 'newId' | 'log'> {
  tokens: PlaybackTokens
  origin: MediaOrigin
  cache: ObjectCache
  playlists: LivePlaylists
  recipes: MediaRecipes
  /** Tokens refused, by reason. */
  refused: Metric<Cell>
}

type ObjectPath = Extract<MediaPath, { timelineId: string }>

const PREFLIGHT = new Headers([
  ...MEDIA_HEADERS,
  ['access-control-allow-methods', 'GET, HEAD'],
  ['access-control-allow-headers', 'range, if-range, if-none-match'],
  ['access-control-max-age', '86400'],
])

/** For an answer to begin; then a viewer's own fetch goes at the viewer's pace. */
const HEADERS_DEADLINE_MS = 15_000

const decoder = new TextDecoder()

/** `/p/<token>/<rest>`: checks the token, then answers from memory or from the origin that has the bytes. */
export class MediaRoute {
  readonly #options: MediaRouteOptions
  readonly #heights: RungHeights

  constructor(options: MediaRouteOptions) {
    this.#options = options
    this.#heights = new RungHeights(options.nowMs, (claims) => this.#wholeMaster(claims))
  }

  /** @param address what follows `/p/`, as it was sent: the grammar of media addresses has one spelling only */
  respond(request: Request, address: string): Response | Promise<Response> {
    const slash = address.indexOf('/')
    const mark = address.indexOf('?')
    const token = address.slice(0, Math.max(slash, 0))
    const rest = address.slice(slash + 1, mark < 0 ? undefined : mark)
    return (
      this.#fromMemory(request, token, rest) ??
      this.#respond(request, token, rest, mark < 0 ? '' : address.slice(mark + 1))
    )
  }

  /** The hot path: a token seen before and an object that is kept. Nothing here waits, parses or allocates much. */
  #fromMemory(request: Request, token: string, rest: string): Response | undefined {
    const claims = this.#options.tokens.known(token)
    if (claims === undefined || claims.cap !== undefined) return undefined
    // Objects are kept under addresses that were parsed: `m/<timeline>/...`.
    if (!rest.startsWith(claims.tml, 2)) return undefined
    const { method } = request
    if (method !== 'GET' && method !== 'HEAD') return undefined
    const object = this.#options.cache.get(rest)
    return object && answer(request, object)
  }

  async #respond(request: Request, token: string, rest: string, query: string): Promise<Response> {
    const { method } = request
    if (method === 'OPTIONS') return new Response(null, { status: 204, headers: PREFLIGHT })
    try {
      if (method !== 'GET' && method !== 'HEAD') {
        return problemResponse(
          'invalid-request',
          405,
          { detail: 'Media is only read.' },
          { allow: 'GET, HEAD, OPTIONS' },
        )
      }
      const path = parseMediaPath(rest)
      if (path === null)
        throw new Refused({ code: 'not-found', status: 404, detail: 'There is no such address.' })
      const claims = await this.#claimsFor(token, path)
      if (path.type === 'master') return await this.#master(request, claims, rest)
      const isSmall = path.type === 'sheet'
      if (!isSmall && !(await this.#heights.allows(claims, path.renditionId))) throw this.#refuse('capped')
      return path.type === 'playlist'
        ? await this.#playlist(request, claims, path, rest, query)
        : await this.#object(request, path, rest)
    } catch (error) {
      if (request.signal.aborted) return new Response(null, { status: 499 })
      return this.#answerFault(error, rest)
    }
  }

  async #claimsFor(token: string, path: MediaPath): Promise<PlaybackClaims> {
    const { tokens } = this.#options
    try {
      const claims = tokens.known(token) ?? (await tokens.check(token))
      if (isFor(claims, path)) return claims
    } catch (error) {
      if (error instanceof TokenError || error instanceof RevokedError) throw this.#refuse(error.code)
      throw error
    }
    throw this.#refuse('swapped')
  }

  async #master(request: Request, claims: PlaybackClaims, rest: string): Promise<Response> {
    const object = await this.#load(rest, this.#masterRecipe(claims, rest))
    if (claims.cap === undefined) return answer(request, object)
    object.readers?.inc()
    const trimmed = trimMaster(decoder.decode(await object.body.whole), claims.cap)
    if (trimmed === null) throw this.#refuse('capped')
    const headers = object.headers.filter(([name]) => name !== 'etag')
    return new Response(request.method === 'HEAD' ? null : trimmed, { headers })
  }

  #masterRecipe(claims: PlaybackClaims, address: string): Recipe {
    const { recipes } = this.#options
    return recipes.playlist({ type: 'master', address, timelineId: claims.tml, live: claims.knd === 'live' })
  }

  async #wholeMaster(claims: PlaybackClaims): Promise<string> {
    const address = `${claims.knd}/${claims.ast}/master.m3u8`
    const object = await this.#load(address, this.#masterRecipe(claims, address))
    return decoder.decode(await object.body.whole)
  }

  async #playlist(
    request: Request,
    claims: PlaybackClaims,
    path: Extract<MediaPath, { type: 'playlist' }>,
    rest: string,
    query: string,
  ): Promise<Response> {
    const directives = parseDirectives(query)
    if (directives === null) {
      throw new Refused({
        code: 'invalid-request',
        status: 400,
        detail: 'A playlist directive is not well formed.',
      })
    }
    const { playlists, recipes } = this.#options
    const { tml: timelineId } = claims
    if (path.kind === 'live') {
      return answer(request, await playlists.answer({ address: rest, timelineId, directives }))
    }
    // Nothing to wait for: one playlist for all, or, of one that grows, a second for those who know its beginning.
    const skip = path.kind === 'dvr' ? directives.skip : null
    const address = rest + directivesQuery({ wanted: null, skip })
    const asked: MediaRequest = { type: 'playlist', address, timelineId, live: false }
    return answer(request, await this.#load(address, recipes.playlist(asked)))
  }

  async #object(request: Request, { type, timelineId }: ObjectPath, rest: string): Promise<Response> {
    // Sheets are made of what is recorded.
    const asked: MediaRequest = { type, address: rest, timelineId, live: type !== 'sheet' }
    const { cache, recipes } = this.#options
    const object = cache.get(rest)
    if (object) return answer(request, object)
    const loaded = await cache.load(rest, recipes.object(asked))
    return loaded.type === 'large' ? this.#passThrough(request, asked) : answer(request, storedOf(loaded))
  }

  /** An object too large to keep: this viewer's own fetch, at this viewer's pace, ended when the viewer goes. */
  async #passThrough(request: Request, asked: MediaRequest): Promise<Response> {
    const range = request.headers.get('range') ?? undefined
    const late = new AbortController()
    const timer = setTimeout(() => {
      late.abort(new DOMException('The origin took too long', 'TimeoutError'))
    }, HEADERS_DEADLINE_MS)
    const response = await this.#options.origin
      .fetch({ ...asked, range }, AbortSignal.any([request.signal, late.signal]))
      .finally(() => clearTimeout(timer))
    if (![200, 206, 416].includes(response.status)) {
      await response.body?.cancel()
      throw new Refused(faultOfStatus(response.status, response.headers.get('retry-after')))
    }
    const headers = objectHeaders(response)
    for (const name of ['content-length', 'content-range']) {
      const value = response.headers.get(name)
      if (value !== null) headers.push([name, value])
    }
    if (request.method !== 'HEAD') return new Response(response.body, { status: response.status, headers })
    await response.body?.cancel()
    return new Response(null, { status: response.status, headers })
  }

  /** A playlist: from memory while it is fresh, else from the origin, once for all who ask now. */
  async #load(key: string, recipe: Recipe): Promise<StoredObject> {
    const { cache } = this.#options
    return cache.get(key) ?? storedOf(await cache.load(key, recipe))
  }

  #refuse(reason: keyof typeof refusals): Refused {
    this.#options.refused.labels(reason).inc()
    return new Refused({ code: 'forbidden', status: 403, detail: refusals[reason] })
  }

  #answerFault(error: unknown, rest: string): Response {
    const { log, newId } = this.#options
    const requestId = newId()
    const known = error instanceof Refused ? error.fault : faultOfError(error)
    const fault = known ?? {
      code: 'internal' as const,
      status: 500,
      detail: 'This is our fault, and logged.',
    }
    const { code, status, detail, retryAfter } = fault
    if (!known) log.error({ err: error, requestId, address: rest }, 'A media request failed')
    else if (status >= 500)
      log.warn({ err: error, requestId, address: rest, status }, 'No media to answer with')
    else log.debug({ requestId, status, detail }, 'A media request was refused')
    return problemResponse(
      code,
      status,
      { detail, requestId },
      {
        ...Object.fromEntries(MEDIA_HEADERS),
        [REQUEST_ID_HEADER]: requestId,
        ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
      },
    )
  }
}

const refusals = {
  malformed: 'This address is not complete. Open the page again.',
  forged: 'This address was not made here. Open the page again.',
  expired: 'This address has expired. Open the page again.',
  revoked: 'This playback was ended. Open the page again.',
  swapped: 'This address is for another video. Open the page again.',
  capped: 'This quality is not included.',
} as const

function answer(request: Request, object: StoredObject): Response {
  object.readers?.inc()
  return answerObject(request, object)
}
