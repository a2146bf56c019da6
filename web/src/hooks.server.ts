import { env } from 'node:process'
import {
  CLIENT_ADDRESS_HEADER,
  CLIENT_HOST_HEADER,
  CLIENT_SCHEME_HEADER,
  EDGE_TOKEN_HEADER,
  REQUEST_ID_HEADER,
} from '@streamtube/contracts/headers.ts'
import type { Handle, HandleFetch, HandleServerError } from '@sveltejs/kit/hooks'
import { dev } from '$app/env'

/** A page waits this long for the api, not longer. */
const API_DEADLINE_MS = 5_000

/** What the edge said of a request, and who sent it: handed on to the api, which checks it. */
const forwarded = [
  'cookie',
  EDGE_TOKEN_HEADER,
  REQUEST_ID_HEADER,
  CLIENT_ADDRESS_HEADER,
  CLIENT_HOST_HEADER,
  CLIENT_SCHEME_HEADER,
]

/** Headers of the api's answers that the typed client reads again in the browser. */
const kept = new Set(['content-type', 'content-length'])

/** What everybody looks at: for guests the same page, which edges may share while it is a second old, */
const pagesOfAll = new Set(['/', '/watch/[id]', '/clip/[id]', '/@[handle]'])
/** and answer for an hour while the pages' server is away. */
const SHARED = 'public, max-age=0, s-maxage=1, stale-while-revalidate=2, stale-if-error=3600'

export const handle: Handle = async ({ event, resolve }) => {
  const response = await resolve(event, { filterSerializedResponseHeaders: (name) => kept.has(name) })
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    const { request, route } = event
    const isForAll =
      response.status === 200 && !request.headers.has('cookie') && pagesOfAll.has(route.id ?? '')
    // A page shows who is signed in: always fresh when one comes back to it, and shared only where nobody is.
    response.headers.set('cache-control', isForAll && !dev ? SHARED : 'private, no-cache')
  }
  return response
}

export const handleFetch: HandleFetch = ({ event, request, fetch }) => {
  const url = new URL(request.url)
  if (url.origin !== event.url.origin || !url.pathname.startsWith('/api/')) return fetch(request)
  const headers = new Headers(request.headers)
  for (const name of forwarded) {
    const value = event.request.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  const target = new URL(url.pathname + url.search, env.API_URL)
  const { method, body } = request
  return fetch(
    new Request(target, {
      method,
      headers,
      body,
      duplex: 'half',
      signal: AbortSignal.timeout(API_DEADLINE_MS),
    } as RequestInit),
  )
}

export const handleError: HandleServerError = ({ kind, error, event }) => {
  const requestId = event.request.headers.get(REQUEST_ID_HEADER) ?? undefined
  if (kind === 'unknown')
    event.platform?.req.log?.error({ err: error, path: event.url.pathname }, 'a page failed')
  return requestId ? { requestId } : {}
}
