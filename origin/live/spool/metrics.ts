import type { Metrics } from '../../metrics.ts'

/** What is measured of the spool. */
export interface SpoolMetrics {
  size(bytes: number): void
  failing(isFailing: boolean): void
  wrote(seconds: number): void
  gaveUp(bytes: number): void
}

const WRITE_BUCKETS_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.5, 2]

/** Declares the spool's metrics. */
export function spoolMetrics(metrics: Metrics): SpoolMetrics {
  const size = metrics.gauge({
    name: 'ingest_spool_bytes',
    help: 'Bytes in the spool: segments that blobs and api have not both taken, and what is deleted with them.',
  })
  const failing = metrics.gauge({
    name: 'ingest_spool_failing',
    help: '1 while segments are listed without being in the spool, because its disk is full, failing or slow.',
  })
  const writes = metrics.histogram({
    name: 'ingest_spool_write_seconds',
    help: "From a segment's end to its record's being in the spool.",
    buckets: WRITE_BUCKETS_SECONDS,
  })
  const givenUp = metrics.counter({
    name: 'ingest_spool_given_up_bytes_total',
    help: 'Bytes of files deleted before all of them was acknowledged, because the spool was full.',
  })
  return {
    size: (bytes) => size.set(bytes),
    failing: (isFailing) => failing.set(isFailing ? 1 : 0),
    wrote: (seconds) => writes.observe(seconds),
    gaveUp: (bytes) => givenUp.inc(bytes),
  }
}
