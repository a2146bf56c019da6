import type { AddressRange } from './http/addresses.ts'
import type { SigningKey } from './keys/jwt.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'

/** Asks a server behind the edge. Throws a TypeError when it can't be reached, as `fetch` does. */
export type OriginFetch = (url: string, init: RequestInit) => Promise<Response>

export interface EdgeConfig {
  /** The site's address as people see it, without a slash at its end. */
  publicUrl: string
  /** The api role's HTTP: forwarded API, thumbnails, and RPC under `/rpc`. */
  apiUrl: string
  /** The server of the pages. */
  webUrl: string
  /** Secret that opens the api role's RPC. */
  serviceToken: string
  /** Proxies in front of the site that are believed what they say of their clients. */
  trustedProxies: readonly AddressRange[]
  limits: EdgeLimits
}

/** Bounds, so that no viewer and no origin can fill the process. */
export interface EdgeLimits {
  /** Media kept in memory. */
  mediaCacheBytes: number
  /** Hashed files of the site kept in memory. */
  assetCacheBytes: number
  /** Pages and answers of the API for guests kept in memory. */
  pageCacheBytes: number
  /** A larger object is passed through instead of kept. */
  maxObjectBytes: number
  /** Origin requests for media under way at once; beyond it viewers are told to come again. */
  maxOriginRequests: number
  /** How many of them for one broadcast or video. */
  maxOriginRequestsPerGroup: number
  /** Body of a request to the API or the pages. */
  maxRequestBodyBytes: number
}

export const DEFAULT_LIMITS: Omit<EdgeLimits, 'mediaCacheBytes'> = {
  assetCacheBytes: 32 * 1024 * 1024,
  pageCacheBytes: 16 * 1024 * 1024,
  maxObjectBytes: 32 * 1024 * 1024,
  maxOriginRequests: 2048,
  maxOriginRequestsPerGroup: 256,
  maxRequestBodyBytes: 1024 * 1024,
}

/**
 * What the app needs from outside. A rim (main.deno.ts, main.workers.ts) builds one; nothing else knows the runtime.
 */
export interface Env {
  config: EdgeConfig
  fetch: OriginFetch
  /** Milliseconds since the Unix epoch. */
  nowMs(): number
  newId(): string
  /** Signs playback tokens and the proof shown to origins. */
  key: SigningKey
  log: Log
  metrics: Metrics
  /**
   * `process`: requests may wait on each other's fetch, so an object is asked for once (Deno). `request`: they may not,
   * as on Workers, where a fetch belongs to the request that made it; only what has come whole is shared.
   */
  sharing: 'process' | 'request'
}
