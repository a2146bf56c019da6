import { sessionCookieName } from '@streamtube/contracts/headers.ts'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { ApiApp, ApiContext } from '../http/context.ts'
import { ApiError } from '../http/errors.ts'
import type { Accounts, Client } from './accounts.ts'
import { PasswordQueueFullError } from './password.ts'
import * as routes from './routes.ts'
import { SESSION_MAX_MS } from './sessions.ts'

/** The session cookie: opaque, out of scripts' reach, for this host only. */
export interface SessionCookie {
  read(c: ApiContext): string | null
  write(c: ApiContext, token: string): void
  clear(c: ApiContext): void
}

/** @param publicUrl its scheme decides on `Secure` and the `__Host-` prefix */
export function createSessionCookie(publicUrl: string): SessionCookie {
  const name = sessionCookieName(publicUrl)
  const options = {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: publicUrl.startsWith('https:'),
  } as const
  return {
    read: (c) => getCookie(c, name) ?? null,
    write: (c, token) => setCookie(c, name, token, { ...options, maxAge: SESSION_MAX_MS / 1000 }),
    clear: (c) => void deleteCookie(c, name, options),
  }
}

/** Answers the routes of accounts. */
export function mountAccounts(app: ApiApp, deps: { accounts: Accounts; cookie: SessionCookie }): void {
  const { accounts, cookie } = deps
  const clientOf = (c: ApiContext): Client => ({
    token: cookie.read(c),
    address: c.get('clientAddress'),
    requestId: c.get('requestId'),
  })

  app.openapi(routes.getSession, async (c) => {
    c.header('cache-control', 'no-store')
    return c.json(await accounts.session(c.get('viewer')?.personId ?? null), 200)
  })

  app.openapi(routes.signIn, async (c) => {
    const signedIn = await busyAsProblem(() => accounts.signIn(c.req.valid('json'), clientOf(c)))
    cookie.write(c, signedIn.token)
    return c.json(await accounts.session(signedIn.personId), 200)
  })

  app.openapi(routes.signInByLink, async (c) => {
    const signedIn = await accounts.signInByLink(c.req.valid('json').token, clientOf(c))
    cookie.write(c, signedIn.token)
    return c.json(await accounts.session(signedIn.personId), 200)
  })

  app.openapi(routes.signUp, async (c) => {
    const signedIn = await busyAsProblem(() => accounts.signUp(c.req.valid('json'), clientOf(c)))
    cookie.write(c, signedIn.token)
    return c.json(await accounts.session(signedIn.personId), 201)
  })

  app.openapi(routes.signOut, async (c) => {
    await accounts.signOut(clientOf(c))
    cookie.clear(c)
    return c.body(null, 204)
  })
}

async function busyAsProblem<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof PasswordQueueFullError)) throw error
    throw new ApiError('unavailable', 503, 'Too many people are signing in', {}, { 'retry-after': '2' })
  }
}
