import { OpenAPIHono } from '@hono/zod-openapi'
import { API_PREFIX } from '@streamtube/contracts/api/playback.ts'
import type { MiddlewareHandler } from 'hono'
import { type Accounts, createSessionCookie, findSession, mountAccounts } from '../accounts/index.ts'
import type { Audit } from '../audit.ts'
import { mountChannels } from '../channels/index.ts'
import { mountClips } from '../clips/index.ts'
import type { ApiEnv } from '../http/context.ts'
import {
  describeLive,
  ingestAddresses,
  type LibraryDeps,
  mountLibrary,
  mountMedia,
} from '../library/index.ts'
import type { Metrics } from '../metrics.ts'
import { mountModeration } from '../moderation/index.ts'
import { mountRetention } from '../retention/index.ts'
import { csrfGuard } from './csrf.ts'
import { mountDocs } from './docs.ts'
import { limitBody, limitTime } from './limits.ts'
import { answerProblems, refuseInvalid } from './problems.ts'
import { type EdgeTrust, requestContext } from './request.ts'

/** No answer of the API takes longer than this. */
const DEADLINE_MS = 10_000

export interface ApiDeps extends LibraryDeps {
  accounts: Accounts
  audit: Audit
  metrics: Metrics
  trust: EdgeTrust
  site: { publicUrl: string; rtmpPort: number; rtmpsPort: number | null }
}

/** The api role's HTTP: the public API, its documentation, and the library's media. */
export function createApi(deps: ApiDeps) {
  const { log, trust } = deps
  const cookie = createSessionCookie(deps.site.publicUrl)
  const seconds = deps.metrics.histogram({
    name: 'api_request_seconds',
    help: 'Time until the headers of an answer, in seconds',
    labelNames: ['area', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  })

  const viewer: MiddlewareHandler<ApiEnv> = async (c, next) => {
    const token = cookie.read(c)
    if (token !== null) c.set('viewer', await findSession(deps.db, token, deps.now()))
    await next()
  }

  const app = new OpenAPIHono<ApiEnv>()
  app.use(requestContext({ trust, log, seconds }))
  app.use('/api/*', limitTime(DEADLINE_MS), csrfGuard(deps.site.publicUrl), limitBody(), viewer)
  mountDocs(app)

  const api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid })
  mountAccounts(api, { accounts: deps.accounts, cookie })
  mountChannels(api, { ...deps, liveWordsChanged: describeLive })
  mountLibrary(api, { ...deps, ingest: ingestAddresses(deps.site) })
  mountClips(api, deps)
  mountModeration(api, deps)
  mountRetention(api, deps)
  app.route(API_PREFIX, api)

  mountMedia(app, deps)
  answerProblems(app, log)
  return app
}
