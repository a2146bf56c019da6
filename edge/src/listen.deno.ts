import { problemResponse } from './http/problems.ts'
import type { Log } from './log.ts'

/** The page that shows the set-up holds the port until the site takes over. */
const RETRY_EVERY_MS = 50
export const SETUP_PATIENCE_MS = 300_000

export interface Tls {
  cert: string
  key: string
}

export interface ListenOptions {
  hostname: string
  port: number
  tls?: Tls | undefined
  /** The port may be shared with the edge that is replaced, or that replaces this one. Where the system can (Linux). */
  reusePort?: boolean
  /** How long a port that is held by somebody else is waited for. */
  patienceMs: number
  handler: Deno.ServeHandler<Deno.NetAddr>
  log: Log
  /** Gives up waiting for the port. */
  signal: AbortSignal
}

/**
 * Reads certificate and key (PEM) from their files.
 * @throws Error when only one is named
 */
export function readTls(certPath: string | undefined, keyPath: string | undefined): Tls | undefined {
  if (!certPath && !keyPath) return undefined
  if (!certPath || !keyPath) throw new Error(`${certPath ? 'TLS_KEY' : 'TLS_CERT'} is not set`)
  return { cert: Deno.readTextFileSync(certPath), key: Deno.readTextFileSync(keyPath) }
}

/**
 * Listens, waiting for a port that is still held: HTTP/1.1, and HTTP/2 where there is TLS.
 * @returns undefined when `signal` ended the wait
 * @throws Deno.errors.AddrInUse when the port stays held; other listen errors at once
 */
export async function listen(options: ListenOptions): Promise<Deno.HttpServer<Deno.NetAddr> | undefined> {
  const { hostname, port, tls, reusePort = false, patienceMs, handler, log, signal } = options
  const onError = (err: unknown) => {
    log.error({ err }, 'A request failed outside of its route')
    return problemResponse('internal', 500)
  }
  const serveOptions = {
    hostname,
    port,
    ...tls,
    reusePort,
    automaticCompression: true,
    onListen: () => {},
    onError,
  }
  for (let waitedMs = 0; !signal.aborted; waitedMs += RETRY_EVERY_MS) {
    try {
      return Deno.serve(serveOptions, handler)
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || waitedMs >= patienceMs) throw error
      if (waitedMs === 0) log.info({ port }, 'Waiting for the port')
      await new Promise((resolve) => setTimeout(resolve, RETRY_EVERY_MS))
    }
  }
  return undefined
}
