import { isIP } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import { CLIENT_ADDRESS_HEADER, EDGE_TOKEN_HEADER, REQUEST_ID_HEADER } from '@streamtube/contracts/headers.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../http/context.ts'
import type { Logger } from '../log.ts'
import type { Histogram } from '../metrics.ts'

/** Tells an edge's request from any other. */
export interface EdgeTrust {
  /** True for a token that an edge signed and that is still good; never throws for a bad one. */
  verify(token: string): Promise<boolean>
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/

/**
 * Finds out who asks: the request's id and the client's address are believed from an edge only; anybody else gets a
 * new id and the address of the socket. Logs and times the request.
 */
export function requestContext(deps: {
  trust: EdgeTrust
  log: Logger
  seconds: Histogram
}): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const startedAt = performance.now()
    const edgeToken = c.req.header(EDGE_TOKEN_HEADER)
    const fromEdge = edgeToken !== undefined && (await deps.trust.verify(edgeToken))
    const givenId = fromEdge ? c.req.header(REQUEST_ID_HEADER) : undefined
    const givenAddress = fromEdge ? c.req.header(CLIENT_ADDRESS_HEADER) : undefined
    const requestId = givenId !== undefined && REQUEST_ID.test(givenId) ? givenId : newId()
    c.set('fromEdge', fromEdge)
    c.set('requestId', requestId)
    c.set('clientAddress', firstAddress(givenAddress) ?? getConnInfo(c).remote.address ?? 'unknown')
    c.set('viewer', null)
    await next()
    c.header(REQUEST_ID_HEADER, requestId)
    const seconds = (performance.now() - startedAt) / 1000
    const { method, path } = c.req
    deps.seconds.observe({ area: areaOf(path), status: c.res.status }, seconds)
    deps.log.debug(
      { requestId, method, path, status: c.res.status, durationMs: Math.round(seconds * 1000) },
      'request answered',
    )
  }
}

function firstAddress(header: string | undefined): string | null {
  const first = header?.split(',')[0]?.trim() ?? ''
  return isIP(first) === 0 ? null : first
}

function areaOf(path: string): string {
  const first = path.split('/')[1] ?? ''
  return ['api', 'media', 'thumbnails'].includes(first) ? first : 'other'
}
