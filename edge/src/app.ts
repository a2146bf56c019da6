import { API_PREFIX } from '@streamtube/contracts/api/playback.ts'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { type Caches, createCaches } from './caches.ts'
import type { Env } from './env.ts'
import { troubleOf, troubleResponse } from './forward/away.ts'
import { createForwardRoutes } from './forward/forward-routes.ts'
import { PageCache } from './forward/page-cache.ts'
import { problemResponse } from './http/problems.ts'
import { secureHeaders } from './http/security-headers.ts'
import { createOriginProof } from './keys/origin-proof.ts'
import { createRequestMetrics, observe } from './observe.ts'
import { createGrantRoute } from './playback/grant-route.ts'
import { LivePlaylists } from './playback/live-playlists.ts'
import { Locator } from './playback/locator.ts'
import { createMediaMetrics } from './playback/media-metrics.ts'
import { MediaOrigin } from './playback/media-origin.ts'
import { MediaRoute } from './playback/media-route.ts'
import { MediaRecipes } from './playback/recipes.ts'
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
  const media = createMediaRoute(env, { tokens, rpc, proof, caches })
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
  site.route(
    '/',
    createForwardRoutes({
      ...env,
      proof,
      assets: caches.assets,
      pages: new PageCache({ ...env, ...caches.pages }),
    }),
  )
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
  caches: Caches
}

function createMediaRoute(env: Env, { tokens, rpc, proof, caches }: MediaParts): MediaRoute {
  const { media: cache, playlists: known } = caches
  const metrics = createMediaMetrics(env.metrics, known.metrics)
  const locator = new Locator({ ...env, rpc })
  const origin = new MediaOrigin({ ...env, locator, proof, requests: metrics.requests })
  const recipes = new MediaRecipes(origin, metrics.readers)
  const playlists = new LivePlaylists({
    ...env,
    cache,
    maxBytes: known.maxBytes,
    metrics: metrics.playlists,
    recipe: (address, timelineId) => recipes.playlist({ type: 'playlist', address, timelineId, live: true }),
  })
  return new MediaRoute({ ...env, tokens, origin, cache, playlists, recipes, refused: metrics.refused })
}

function createRevocations(env: Env, rpc: EdgeRpc): Revocations {
  const kept = env.metrics.gauge({ name: 'edge_revocations', help: 'Revocations of tokens that are kept.' })
  return new Revocations({ ...env, rpc, kept: kept.labels() })
}
