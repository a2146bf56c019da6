import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { unauthenticated } from './errors.ts'

/** The signed-in person, as far as rules need them. */
export interface Viewer {
  personId: string
  sessionId: string
}

/** What the api's middleware found out about a request before a domain's handler runs. */
export interface ApiEnv {
  Variables: {
    requestId: string
    /** Address of the client as the edge saw it; of the caller when the request didn't come through the edge. */
    clientAddress: string
    /** True when the request carried a valid edge token. */
    fromEdge: boolean
    viewer: Viewer | null
  }
}

export type ApiContext = Context<ApiEnv>
export type ApiApp = OpenAPIHono<ApiEnv>

/** The person who asks. @throws ApiError 401 for a guest */
export function requireViewer(context: { get(key: 'viewer'): Viewer | null }): Viewer {
  const viewer = context.get('viewer')
  if (!viewer) throw unauthenticated()
  return viewer
}
