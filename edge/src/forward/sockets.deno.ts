import { isSameSite } from '../http/same-site.ts'
import type { Log } from '../log.ts'

/** What one side has not taken yet may be so much; then both are closed. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const MAX_WAITING_MESSAGES = 256
/** Codes that a program may close with: a client has only these and its own from 3000 on (RFC 6455, 7.4). */
const BROKEN = 4000
const NORMAL = 1000

export interface SocketTarget {
  /** The server of the pages, without a slash at its end. */
  webUrl: string
  publicUrl: string
  log: Log
}

/** True for a request that wants to become a WebSocket (RFC 6455, 4.2.1). */
export function wantsSocket(request: Request): boolean {
  return request.headers.get('upgrade')?.toLowerCase() === 'websocket'
}

/**
 * Connects a browser's WebSocket with the server of the pages: in development, where it tells pages of changes. For the
 * site's own pages alone: behind us that server can't tell who asks.
 */
export function forwardSocket(request: Request, { webUrl, publicUrl, log }: SocketTarget): Response {
  if (!isSameSite(request.headers, publicUrl)) return new Response(null, { status: 403 })
  const { pathname, search } = new URL(request.url)
  const protocols = (request.headers.get('sec-websocket-protocol') ?? '').split(/,\s*/).filter(Boolean)
  const [protocol] = protocols
  const { socket: browser, response } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {})
  const server = new WebSocket(webUrl.replace(/^http/, 'ws') + pathname + search, protocol ? [protocol] : [])
  pipe(browser, server)
  pipe(server, browser)
  server.addEventListener('error', () => log.debug({ path: pathname }, 'A socket of the pages has failed'))
  return response
}

/** Hands on what comes from one side to the other, and its end. */
function pipe(from: WebSocket, to: WebSocket): void {
  const waiting: (string | ArrayBuffer)[] = []
  from.binaryType = 'arraybuffer'
  to.addEventListener('open', () => {
    for (const message of waiting.splice(0)) to.send(message)
  })
  from.addEventListener('message', ({ data }) => {
    if (to.readyState === WebSocket.CONNECTING) waiting.push(data)
    else if (to.readyState === WebSocket.OPEN) to.send(data)
    if (waiting.length <= MAX_WAITING_MESSAGES && to.bufferedAmount <= MAX_WAITING_BYTES) return
    for (const socket of [from, to]) end(socket, BROKEN)
  })
  from.addEventListener('close', () => end(to, NORMAL))
  from.addEventListener('error', () => end(to, BROKEN))
}

function end(socket: WebSocket, code: number): void {
  if (socket.readyState < WebSocket.CLOSING) socket.close(code)
}
