import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { ApiEnv } from '../http/context.ts'
import { type RpcOptions, rpcHandler } from '../rpc/server.ts'

/** Where edges find the services, in Connect over HTTP/1.1. */
const RPC_PREFIX = '/rpc'
/** Headers that take longer to come belong to nobody who means well. */
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than an edge keeps a connection it doesn't use, so that it is the edge who closes. */
const KEEP_ALIVE_MS = 65_000
/** How long answers under way may still take when the server closes. */
const DRAIN_MS = 5_000

export interface ApiServer {
  port: number
  /** Takes no new connections, lets answers under way finish for 5 s, then cuts. */
  close(): Promise<void>
}

/** Serves the app, and the RPC services under /rpc, on loopback. @throws the listen error when the port is taken */
export async function serveApi(port: number, app: Hono<ApiEnv>, rpc: RpcOptions): Promise<ApiServer> {
  const web = getRequestListener(app.fetch)
  const services = rpcHandler(rpc, RPC_PREFIX)
  const server = createServer((request, response) => {
    if (request.url?.startsWith(`${RPC_PREFIX}/`)) services(request, response)
    else void web(request, response)
  })
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      await closed
      clearTimeout(timer)
    },
  }
}
