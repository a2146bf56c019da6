import { ObjectCache } from './cache/object-cache.ts'
import type { Env } from './env.ts'
import type { Cell } from './metrics.ts'

/** What is known of live playlists may take this share of what media may. */
const PLAYLISTS_SHARE = 1 / 16

export interface CacheMetrics {
  hits: Cell
  misses: Cell
  bytes: Cell
}

export interface Caches {
  media: ObjectCache
  assets: ObjectCache
  /** Bounds and counts of the newest known playlists. */
  playlists: { maxBytes: number; metrics: CacheMetrics }
  /** The same of what guests are answered. */
  pages: { maxBytes: number; metrics: CacheMetrics }
}

/** The edge's memories, apart so that a busy stream never throws out the site's own files. */
export function createCaches(env: Env): Caches {
  const labelNames = ['cache']
  const hits = env.metrics.counter({
    name: 'edge_cache_hits_total',
    help: 'Answers from memory.',
    labelNames,
  })
  const misses = env.metrics.counter({
    name: 'edge_cache_misses_total',
    help: 'Answers that had to be fetched, or waited for a fetch under way.',
    labelNames,
  })
  const bytes = env.metrics.gauge({ name: 'edge_cache_bytes', help: 'Bytes kept in memory.', labelNames })
  const { limits } = env.config
  const metricsOf = (name: string): CacheMetrics => ({
    hits: hits.labels(name),
    misses: misses.labels(name),
    bytes: bytes.labels(name),
  })
  const create = (name: string, maxBytes: number) =>
    new ObjectCache({
      sharing: env.sharing,
      nowMs: env.nowMs,
      log: env.log,
      maxBytes,
      maxObjectBytes: Math.min(limits.maxObjectBytes, maxBytes / 4),
      maxUnderWay: limits.maxOriginRequests,
      maxUnderWayPerGroup: limits.maxOriginRequestsPerGroup,
      metrics: metricsOf(name),
    })
  return {
    media: create('media', limits.mediaCacheBytes),
    assets: create('assets', limits.assetCacheBytes),
    playlists: { maxBytes: limits.mediaCacheBytes * PLAYLISTS_SHARE, metrics: metricsOf('playlists') },
    pages: { maxBytes: limits.pageCacheBytes, metrics: metricsOf('pages') },
  }
}
