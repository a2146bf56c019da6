import type { CacheMetrics } from '../caches.ts'
import type { Cell, Metric, Metrics } from '../metrics.ts'
import type { LivePlaylistsOptions } from './live-playlists.ts'

const LATENESS_BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.2, 0.5, 1, 2.5]

export interface MediaMetrics {
  requests: Metric<Cell>
  readers: Metric<Cell>
  refused: Metric<Cell>
  playlists: LivePlaylistsOptions['metrics']
}

/** Declares what is measured of media. */
export function createMediaMetrics(metrics: Metrics, { hits, bytes }: CacheMetrics): MediaMetrics {
  return {
    requests: metrics.counter({
      name: 'edge_origin_media_requests_total',
      help: 'Media asked of an origin, by kind and status; "unreachable" and "aborted" without an answer.',
      labelNames: ['kind', 'status'],
    }),
    readers: metrics.counter({
      name: 'edge_media_readers_total',
      help: 'Readers answered with media, by kind: divided by edge_origin_media_requests_total, how many share a request.',
      labelNames: ['kind'],
    }),
    refused: metrics.counter({
      name: 'edge_tokens_refused_total',
      help: 'Playback tokens refused, by reason.',
      labelNames: ['reason'],
    }),
    playlists: {
      hits,
      bytes,
      blocked: metrics
        .gauge({ name: 'edge_blocked_readers', help: 'Readers who wait for a part that is still to come.' })
        .labels(),
      stale: metrics
        .counter({
          name: 'edge_stale_playlists_total',
          help: 'Readers answered with the last known playlist because the origin was away.',
        })
        .labels(),
      latenessSeconds: metrics
        .histogram({
          name: 'edge_part_lateness_seconds',
          help: 'From a part’s last frame coming in at ingest to its being listed here, by the clocks of both machines, which must agree.',
          buckets: LATENESS_BUCKETS_SECONDS,
        })
        .labels(),
    },
  }
}
