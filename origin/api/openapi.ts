import { OpenAPIHono } from '@hono/zod-openapi'
import { API_PREFIX, playbackRoute } from '@streamtube/contracts/api/playback.ts'
import { accountRoutes } from '../accounts/routes.ts'
import { channelRoutes } from '../channels/routes.ts'
import { clipRoutes } from '../clips/routes.ts'
import { libraryRoutes } from '../library/routes.ts'
import { moderationRoutes } from '../moderation/routes.ts'
import { retentionRoutes } from '../retention/routes.ts'

const description = `Everything the site's own pages use. Lists come in pages: pass \`next\` of one page as \`cursor\` of the
following one. Errors are problem documents (RFC 9457) whose \`type\` is stable; \`errors\` names the fields at fault.
Browsers sign in with a cookie; a request that changes something must come from the site's own pages.`

/** Every route of the public API, whichever process answers it. */
export const publicRoutes = [
  ...accountRoutes,
  ...channelRoutes,
  ...libraryRoutes,
  ...clipRoutes,
  ...moderationRoutes,
  ...retentionRoutes,
  playbackRoute,
]

/** The OpenAPI 3.1 document of the public API. Needs nothing running. */
export function openApiDocument() {
  const { openAPIRegistry, getOpenAPI31Document } = new OpenAPIHono()
  openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'session',
    description: 'Set by signing in. On https its name begins with `__Host-`.',
  })
  for (const route of publicRoutes) openAPIRegistry.registerPath(route)
  return getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'StreamTube API', version: '1.0.0', description },
    servers: [{ url: API_PREFIX }],
  })
}
