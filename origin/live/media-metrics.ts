import type { Metrics } from '../metrics.ts'

/** What is measured of the media that edges read. */
export interface MediaMetrics {
  /** Change of the requests that wait for what comes next. */
  blocked(change: 1 | -1): void
  /** Time from the arrival of a part's last frame to the answer that lists it. */
  listed(seconds: number): void
}

const LISTED_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.25, 1]

/** Declares the media server's metrics. */
export function mediaMetrics(metrics: Metrics): MediaMetrics {
  const blocked = metrics.gauge({
    name: 'ingest_blocked_readers',
    help: 'Requests of edges that wait for a part or playlist to come.',
  })
  const listed = metrics.histogram({
    name: 'ingest_part_listed_seconds',
    help: "From the arrival of a part's last frame to the answer that lists it, for readers that waited.",
    buckets: LISTED_BUCKETS_SECONDS,
  })
  return {
    blocked: (change) => blocked.inc(change),
    listed: (seconds) => listed.observe(seconds),
  }
}
