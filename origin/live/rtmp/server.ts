import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Logger } from '../../log.ts'
import { RtmpConnection } from './connection.ts'
import type { PublishDesk } from './desk.ts'
import { defaultLimits, defaultTimeouts, type RtmpLimits, type RtmpTimeouts } from './limits.ts'
import type { RtmpMetrics } from './metrics.ts'
import { createPayloads } from './payloads.ts'

export interface RtmpServerOptions {
  host: string
  port: number
  /** PEM. With it the server speaks RTMPS. */
  tls?: { cert: Buffer; key: Buffer }
  desk: PublishDesk
  metrics: RtmpMetrics
  log: Logger
  limits?: Partial<RtmpLimits>
  timeouts?: Partial<RtmpTimeouts>
  /** Connections at once; more are turned away. */
  maxConnections?: number
}

export interface RtmpServer {
  port: number
  /** Takes no more connections and ends those there are; their publications are closed with `shutdown`. */
  close(): Promise<void>
}

/**
 * Listens for encoders.
 * @throws the listen error, e.g. EADDRINUSE
 */
export async function startRtmpServer(options: RtmpServerOptions): Promise<RtmpServer> {
  const { desk, metrics, log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const connections = new Set<RtmpConnection>()
  const payloads = createPayloads()
  /** Also those that are still at TLS, which no connection owns yet. */
  const sockets = new Set<Socket>()

  const accept = (socket: Socket) => {
    metrics.opened()
    const connection: RtmpConnection = new RtmpConnection(
      socket,
      { desk, limits, timeouts, metrics, payloads, log },
      () => connections.delete(connection),
    )
    connections.add(connection)
  }
  const server = options.tls
    ? tlsServer(options.tls, timeouts.establishMs, accept, options)
    : createServer(accept)
  server.maxConnections = options.maxConnections ?? 2_000
  server.on('drop', () => metrics.dropped())
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await listen(server, options.port, options.host)
  server.on('error', (error) => log.error({ err: error }, 'The encoder port has a problem'))

  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const connection of connections) connection.close('shutdown')
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, timeouts.lingerMs)
      await closed
      clearTimeout(timer)
    },
  }
}

function tlsServer(
  tls: { cert: Buffer; key: Buffer },
  handshakeTimeout: number,
  accept: (socket: Socket) => void,
  { metrics, log }: RtmpServerOptions,
): Server {
  const server = createTlsServer({ ...tls, handshakeTimeout, minVersion: 'TLSv1.2' }, accept)
  server.on('tlsClientError', (error, socket) => {
    metrics.dropped()
    log.debug({ err: error }, 'An encoder failed at TLS')
    socket.destroy()
  })
  return server
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}
