import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { ConnectRouterOptions } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import type { Logger } from '../log.ts'
import type { Histogram } from '../metrics.ts'
import { guardCalls } from './guard.ts'
import { type RpcDeps, rpcRoutes } from './routes.ts'

/** A batch of the index with its headers is far below this. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024
/** No call takes longer, whatever deadline its caller named. */
const MAX_DEADLINE_MS = 35_000
/** How long calls under way may still take when the server closes. */
const DRAIN_MS = 5_000

/** What serving takes; `calls` as of `callTimes`. */
export type RpcOptions = RpcDeps & { serviceToken: string; log: Logger; calls: Histogram }

/** The services as a request handler; under `prefix` on HTTP/1.1 (Connect), bare on HTTP/2 (gRPC). */
export function rpcHandler(options: RpcOptions, prefix = '') {
  const router: ConnectRouterOptions = {
    interceptors: [guardCalls(options)],
    readMaxBytes: MAX_MESSAGE_BYTES,
    maxTimeoutMs: MAX_DEADLINE_MS,
    grpcWeb: false,
  }
  return connectNodeAdapter({ ...router, routes: rpcRoutes(options), requestPathPrefix: prefix })
}

export interface RpcServer {
  port: number
  /** Lets calls under way finish for 5 s, then cuts. */
  close(): Promise<void>
}

/** Serves gRPC over h2c on loopback. @throws the listen error when the port is taken */
export async function serveRpc(port: number, options: RpcOptions): Promise<RpcServer> {
  const server = createServer(rpcHandler(options))
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  server.on('error', (err) => options.log.error({ err }, 'rpc server failed'))
  server.on('sessionError', (err) => options.log.debug({ err }, 'rpc connection failed'))
  return { port: (server.address() as AddressInfo).port, close: () => drain(server, sessions) }
}

async function drain(server: Http2Server, sessions: Set<ServerHttp2Session>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const session of sessions) session.close()
  const timer = setTimeout(() => {
    for (const session of sessions) session.destroy()
  }, DRAIN_MS)
  await closed
  clearTimeout(timer)
}
