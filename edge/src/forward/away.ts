import { REQUEST_ID_HEADER } from '@streamtube/contracts/headers.ts'
import { BrokenBodyError } from '../cache/shared-body.ts'
import { BusyError } from '../cache/single-flight.ts'
import { type EdgeProblemCode, problemResponse } from '../http/problems.ts'
import { BodyTooLargeError } from './bodies.ts'
import { PeerAwayError } from './forwarder.ts'

interface Trouble {
  code: EdgeProblemCode
  status: number
  detail: string
}

/** What a client is told when forwarding failed; undefined for errors that nobody foresaw. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof BodyTooLargeError) {
    return { code: 'payload-too-large', status: 413, detail: `Send ${error.maxBytes} bytes at most.` }
  }
  if (error instanceof BusyError) {
    return { code: 'unavailable', status: 503, detail: 'Too many visitors at once. Try again.' }
  }
  if (error instanceof BrokenBodyError) {
    return { code: 'unavailable', status: 502, detail: 'This part of the site broke off. Try again.' }
  }
  if (error instanceof PeerAwayError) {
    return {
      code: 'unavailable',
      status: 502,
      detail: 'This part of the site is starting or away. Try again.',
    }
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return { code: 'unavailable', status: 504, detail: 'This part of the site took too long. Try again.' }
  }
  return undefined
}

/** The answer for a browser that wants a page (which asks again by itself), or a problem document for a program. */
export function troubleResponse(request: Request, trouble: Trouble, requestId: string): Response {
  const again: Record<string, string> = trouble.status >= 500 ? { 'retry-after': '3' } : {}
  const { code, status, detail } = trouble
  if (status < 500 || !wantsPage(request)) return problemResponse(code, status, { detail, requestId }, again)
  return new Response(page(detail), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      [REQUEST_ID_HEADER]: requestId,
      ...again,
    },
  })
}

function wantsPage(request: Request): boolean {
  return request.method === 'GET' && (request.headers.get('accept') ?? '').includes('text/html')
}

function page(detail: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="3">
<title>One moment</title>
<h1>One moment</h1>
<p>${detail} This page asks again every 3 seconds.</p>
</html>
`
}
