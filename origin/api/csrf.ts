import { CLIENT_HOST_HEADER, CLIENT_SCHEME_HEADER } from '@streamtube/contracts/headers.ts'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../http/context.ts'
import { ApiError } from '../http/errors.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** What a browser says about where a request comes from, and where it goes to. */
export interface RequestOrigin {
  method: string
  secFetchSite: string | undefined
  origin: string | undefined
  /** Origins under which people reach the site. */
  ownOrigins: readonly string[]
}

/**
 * True when a request may change something: it comes from the site's own pages. `Sec-Fetch-Site` (Fetch Metadata) can't
 * be forged by a page; browsers leave it out on plain http, where `Origin` (RFC 6454) must be the site's.
 */
export function comesFromOwnPages(request: RequestOrigin): boolean {
  if (SAFE.has(request.method)) return true
  if (request.secFetchSite !== undefined) return request.secFetchSite === 'same-origin'
  return request.origin !== undefined && request.ownOrigins.includes(request.origin)
}

/** Refuses what other sites make a browser send, with the viewer's cookie. */
export function csrfGuard(publicUrl: string): MiddlewareHandler<ApiEnv> {
  const publicOrigin = new URL(publicUrl).origin
  return async (c, next) => {
    const host = c.get('fromEdge') ? c.req.header(CLIENT_HOST_HEADER) : undefined
    const scheme = c.req.header(CLIENT_SCHEME_HEADER) === 'https' ? 'https' : 'http'
    const allowed = comesFromOwnPages({
      method: c.req.method,
      secFetchSite: c.req.header('sec-fetch-site'),
      origin: c.req.header('origin'),
      ownOrigins: host === undefined ? [publicOrigin] : [publicOrigin, `${scheme}://${host}`],
    })
    if (allowed) return await next()
    throw new ApiError('csrf', 403, 'The request comes from another site', {
      detail: `A request that changes something needs the header "Origin: ${publicOrigin}", as browsers send it from the site's own pages.`,
    })
  }
}
