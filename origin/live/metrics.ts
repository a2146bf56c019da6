import type { Metrics } from '../metrics.ts'

/** What is counted of live streams. */
export interface LiveMetrics {
  publishers(change: 1 | -1): void
  recorded(sizeBytes: number): void
  /** Segments of earlier runs that were brought up from the spool. */
  replayed(segments: number): void
  /** A segment that neither memory nor spool could keep until the stores took it. */
  lost(): void
  /** Change of the bytes that wait for the store. */
  queued(sizeBytes: number): void
  ladderRestarted(): void
  ladderDropped(): void
  /** A rung that the machine can't make in real time was given up. */
  rungDropped(): void
  /** A stream's encoder on the graphics card failed. */
  encoderFellBack(): void
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
  const replayed = metrics.counter({
    name: 'ingest_segments_replayed_total',
    help: 'Segments of earlier runs that were brought up from the spool.',
  })
  const lost = metrics.counter({
    name: 'ingest_segments_lost_total',
    help: 'Segments that were given up before the stores took them: gaps in the video.',
  })
  const restarts = metrics.counter({
    name: 'ingest_ladder_restarts_total',
    help: "Times a stream's encoder died and was started again.",
  })
  const drops = metrics.counter({
    name: 'ingest_ladder_drops_total',
    help: 'Times the ladder was more than a second behind and its input was dropped.',
  })
  const rungDrops = metrics.counter({
    name: 'ingest_ladder_rungs_dropped_total',
    help: "Times a ladder's top rung was given up because the machine could not make it in real time.",
  })
  const fallbacks = metrics.counter({
    name: 'ingest_ladder_fallbacks_total',
    help: "Times a stream's encoder on the graphics card failed and x264 took its place.",
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
    replayed: (segments) => replayed.inc(segments),
    lost: () => lost.inc(),
    queued: (sizeBytes) => queue.inc(sizeBytes),
    ladderRestarted: () => restarts.inc(),
    ladderDropped: () => drops.inc(),
    rungDropped: () => rungDrops.inc(),
    encoderFellBack: () => fallbacks.inc(),
    rpcFailed: (call) => failures.inc({ call }),
  }
}
