import type { Metrics } from '../metrics.ts'

/** What is counted of live streams. */
export interface LiveMetrics {
  publishers(change: 1 | -1): void
  recorded(sizeBytes: number): void
  /** Change of the bytes that wait for the store. */
  queued(sizeBytes: number): void
  ladderRestarted(): void
  ladderDropped(): void
  rpcFailed(call: string): void
}

/** Declares the live domain's metrics. */
export function liveMetrics(metrics: Metrics): LiveMetrics {
  const publishers = metrics.gauge({ name: 'ingest_publishers', help: 'Streams being published.' })
  const segments = metrics.counter({ name: 'ingest_segments_recorded_total', help: 'Segments stored.' })
  const bytes = metrics.counter({ name: 'ingest_recorded_bytes_total', help: 'Bytes of segments stored.' })
  const queue = metrics.gauge({
    name: 'ingest_recorder_queue_bytes',
    help: 'Bytes of segments that wait for the store.',
  })
  const restarts = metrics.counter({
    name: 'ingest_ladder_restarts_total',
    help: "Times a stream's encoder died and was started again.",
  })
  const drops = metrics.counter({
    name: 'ingest_ladder_drops_total',
    help: 'Times the ladder was more than a second behind and its input was dropped.',
  })
  const failures = metrics.counter({
    name: 'ingest_rpc_failures_total',
    help: 'Failed calls to the api, by call.',
    labelNames: ['call'],
  })
  return {
    publishers: (change) => publishers.inc(change),
    recorded(sizeBytes) {
      segments.inc()
      bytes.inc(sizeBytes)
    },
    queued: (sizeBytes) => queue.inc(sizeBytes),
    ladderRestarted: () => restarts.inc(),
    ladderDropped: () => drops.inc(),
    rpcFailed: (call) => failures.inc({ call }),
  }
}
