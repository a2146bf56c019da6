import { API_PREFIX } from '@streamtube/contracts/api/playback.ts'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ObjectCache } from './cache/object-cache.ts'
import { createCaches } from './caches.ts'
import type { Env } from './env.ts'
import { troubleOf, troubleResponse } from './forward/away.ts'
import { createForwardRoutes } from './forward/forward-routes.ts'
import { problemResponse } from './http/problems.ts'
import { secureHeaders } from './http/security-headers.ts'
import { createOriginProof } from './keys/origin-proof.ts'
import { createRequestMetrics, observe } from './observe.ts'
import { createGrantRoute } from './playback/grant-route.ts'
import { Locator } from './playback/locator.ts'
import { MediaOrigin } from './playback/media-origin.ts'
import { MediaRoute } from './playback/media-route.ts'
import { Revocations } from './playback/revocations.ts'
import { PlaybackTokens } from './playback/tokens.ts'
import { createEdgeRpc, type EdgeRpc } from './rpc.ts'
import type { SiteTypes } from './site.ts'

export interface App {
  /**
   * Answers one request.
   * @param remoteAddress of the connection; asked only where it is needed
   */
  fetch(request: Request, remoteAddress: () => string): Response | Promise<Response>
}

const MEDIA_PREFIX = '/p/'

/** The edge: media first, which is nearly all of what is asked, then the table of the site's routes. */
export function createApp(env: Env): App {
  const proof = createOriginProof(env)
  const rpc = createEdgeRpc(env)
  const caches = createCaches(env)
  const tokens = new PlaybackTokens({ ...env, revocations: createRevocations(env, rpc) })
  const media = createMediaRoute(env, { tokens, rpc, proof, cache: caches.media })
  const requests = createRequestMetrics(env.metrics)
  const https = env.config.publicUrl.startsWith('https:')

  const site = new Hono<SiteTypes>({ getPath: (_, options) => options?.env?.url.pathname ?? '/' })
    .use(observe(env))
    .use(async (context, next) => {
      await next()
      secureHeaders(context.res.headers, https)
    })
    .use(`${API_PREFIX}/playback/*`, async (context, next) => {
      context.env.routeClass = 'playback'
      await next()
    })
  site.route(API_PREFIX, createGrantRoute({ ...env, rpc, tokens }))
  // Reached only by a path that became one of media by normalising: media has one spelling.
  site.all(`${MEDIA_PREFIX}*`, (context) =>
    problemResponse('not-found', 404, { requestId: context.get('requestId') }),
  )
  site.route('/', createForwardRoutes({ ...env, proof, assets: caches.assets }))
  site.onError((error, context) => {
    const requestId = context.get('requestId')
    if (error instanceof HTTPException) return error.getResponse()
    const trouble = troubleOf(error)
    if (trouble) {
      if (trouble.status >= 500) env.log.warn({ err: error, requestId }, trouble.detail)
      return troubleResponse(context.req.raw, trouble, requestId)
    }
    if (context.req.raw.signal.aborted) return new Response(null, { status: 499 })
    env.log.error({ err: error, requestId }, 'A request failed in the edge')
    return problemResponse('internal', 500, { requestId })
  })

  async function answerSite(request: Request, remoteAddress: () => string): Promise<Response> {
    const url = URL.parse(request.url)
    if (url === null) return problemResponse('invalid-request', 400)
    requests.inFlight.inc()
    const startMs = env.nowMs()
    try {
      const bindings: SiteTypes['Bindings'] = { url, remoteAddress, routeClass: 'none' }
      const response = await site.fetch(request, bindings)
      requests.count(bindings.routeClass, response.status)
      requests.took(bindings.routeClass, (env.nowMs() - startMs) / 1000)
      return response
    } finally {
      requests.inFlight.dec()
    }
  }

  async function whenAnswered(waiting: Promise<Response>): Promise<Response> {
    requests.inFlight.inc()
    try {
      const response = await waiting
      requests.count('media', response.status)
      return response
    } finally {
      requests.inFlight.dec()
    }
  }

  return {
    fetch(request, remoteAddress) {
      const { url } = request
      const pathStart = url.indexOf('/', url.indexOf(':') + 3)
      if (!url.startsWith(MEDIA_PREFIX, pathStart)) return answerSite(request, remoteAddress)
      const answer = media.respond(request, url.slice(pathStart + MEDIA_PREFIX.length))
      if (answer instanceof Promise) return whenAnswered(answer)
      requests.count('media', answer.status)
      return answer
    },
  }
}

interface MediaParts {
  tokens: PlaybackTokens
  rpc: EdgeRpc
  proof: () => Promise<string>
  cache: ObjectCache
}

function createMediaRoute(env: Env, { tokens, rpc, proof, cache }: MediaParts): MediaRoute {
  const requests = env.metrics.counter({
    name: 'edge_origin_media_requests_total',
    help: 'Media asked of an origin, by status.',
    labelNames: ['status'],
  })
  const refused = env.metrics.counter({
    name: 'edge_tokens_refused_total',
    help: 'Playback tokens refused, by reason.',
    labelNames: ['reason'],
  })
  const origin = new MediaOrigin({ ...env, locator: new Locator({ ...env, rpc }), proof, requests })
  return new MediaRoute({ ...env, tokens, origin, cache, refused })
}

function createRevocations(env: Env, rpc: EdgeRpc): Revocations {
  const kept = env.metrics.gauge({ name: 'edge_revocations', help: 'Revocations of tokens that are kept.' })
  return new Revocations({ ...env, rpc, kept: kept.labels() })
}
