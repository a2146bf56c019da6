import { newId } from '@streamtube/contracts/ids.ts'
import { type App, createApp } from './app.ts'
import { cloudflareCaching } from './cloudflare-cache.ts'
import type { OriginFetch } from './env.ts'
import { importSigningKey } from './keys/jwt.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { readSettings } from './settings.ts'

/** Anything with a `fetch`: a service binding. */
interface Fetcher {
  fetch(input: string, init?: RequestInit): Promise<Response>
}

/** Variables and secrets by the names that the Deno edge has in its environment; `ORIGIN`, if bound, reaches the origins. */
export type Bindings = Record<string, unknown> & { ORIGIN?: Fetcher }

/** An isolate may use 128 MiB for all it does. */
const DEFAULT_CACHE_MIB = 32

/**
 * Made by an isolate's first requests and used by all that follow. Not a promise: one that belongs to a request never
 * settles when that request is given up.
 */
let app: App | undefined

async function build(bindings: Bindings): Promise<App> {
  const { config, privateJwk, logLevel } = readSettings((name) => {
    const value = bindings[name]
    return typeof value === 'string' ? value : undefined
  }, DEFAULT_CACHE_MIB)
  const { ORIGIN } = bindings
  const platformFetch: OriginFetch = ORIGIN
    ? (url, init) => ORIGIN.fetch(url, init)
    : (url, init) => fetch(url, init)
  const originFetch: OriginFetch = (url, init) => {
    const cf = cloudflareCaching(url)
    return platformFetch(url, cf ? Object.assign({}, init, { cf }) : init)
  }
  const nowMs = () => Date.now()
  return createApp({
    config,
    fetch: originFetch,
    nowMs,
    newId,
    key: await importSigningKey(privateJwk),
    log: createLog({ process: 'edge', level: logLevel, nowMs, write: (line) => console.log(line) }),
    metrics: createMetrics('edge'),
    sharing: 'request',
  })
}

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    app ??= await build(bindings)
    return app.fetch(request, () => request.headers.get('cf-connecting-ip') ?? '')
  },
}
