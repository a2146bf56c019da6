import { Code, ConnectError } from '@connectrpc/connect'
import { OpenAPIHono } from '@hono/zod-openapi'
import { playbackRoute } from '@streamtube/contracts/api/playback.ts'
import { sessionCookieName } from '@streamtube/contracts/headers.ts'
import { getCookie } from 'hono/cookie'
import { HTTPException } from 'hono/http-exception'
import type { Env } from '../env.ts'
import { type EdgeProblemCode, problemResponse } from '../http/problems.ts'
import { isSameSite } from '../http/same-site.ts'
import type { EdgeRpc } from '../rpc.ts'
import type { SiteTypes } from '../site.ts'
import type { PlaybackTokens } from './tokens.ts'

export interface GrantRouteOptions extends Pick<Env, 'config' | 'log'> {
  rpc: Pick<EdgeRpc, 'authorizePlayback'>
  tokens: PlaybackTokens
}

/** `POST /playback/{kind}/{id}`: asks the api role whether this viewer may play, and signs the address. */
export function createGrantRoute({ config, log, rpc, tokens }: GrantRouteOptions): OpenAPIHono<SiteTypes> {
  const app = new OpenAPIHono<SiteTypes>({
    defaultHook: (result, context) => {
      if (result.success) return
      const errors = result.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
      return problemResponse('invalid-request', 400, { errors, requestId: context.get('requestId') })
    },
  })
  const cookieName = sessionCookieName(config.publicUrl)

  app.openapi(playbackRoute, async (context) => {
    const requestId = context.get('requestId')
    if (!isSameSite(context.req.raw.headers, config.publicUrl)) {
      refuse('csrf', 403, requestId, 'Ask for playback from a page of this site.')
    }
    const { kind, id } = context.req.valid('param')
    try {
      const sessionToken = getCookie(context, cookieName) ?? ''
      const answer = await rpc.authorizePlayback({ kind, assetId: id, sessionToken })
      const { token, expiresAtMs } = await tokens.issue({
        kind,
        assetId: id,
        timelineId: answer.timelineId,
        viewerId: answer.viewerId || undefined,
        sessionId: answer.sessionId || undefined,
        maxHeight: answer.maxHeight || undefined,
        ttlSeconds: answer.ttlSeconds,
        decidedAtMs: Number(answer.decidedAtMs),
      })
      context.header('cache-control', 'no-store')
      return context.json(
        {
          master: `/p/${token}/${kind}/${id}/master.m3u8`,
          kind,
          expiresAt: new Date(expiresAtMs).toISOString(),
        },
        200,
      )
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      const [code, status, detail] = refusalOf(error)
      if (status === 503)
        log.warn({ err: error, requestId, assetId: id }, 'The api role could not decide on playback')
      refuse(code, status, requestId, detail)
    }
  })
  return app
}

type RefusalStatus = 403 | 404 | 409 | 503

function refuse(code: EdgeProblemCode, status: RefusalStatus, requestId: string, detail: string): never {
  const again: Record<string, string> = status === 503 ? { 'retry-after': '1' } : {}
  throw new HTTPException(status, { res: problemResponse(code, status, { detail, requestId }, again) })
}

function refusalOf(error: ConnectError): [code: EdgeProblemCode, status: RefusalStatus, detail: string] {
  switch (error.code) {
    case Code.NotFound:
      return ['not-found', 404, 'There is no such video.']
    case Code.PermissionDenied:
    case Code.Unauthenticated:
      return ['forbidden', 403, error.rawMessage]
    case Code.FailedPrecondition:
      return ['not-live', 409, error.rawMessage]
    default:
      return ['unavailable', 503, 'Nobody could be asked just now. Try again.']
  }
}
