import type { Metrics } from '../../metrics.ts'
import type { CloseReason } from './desk.ts'

/** What is counted of encoder connections. */
export interface RtmpMetrics {
  received(sizeBytes: number): void
  opened(): void
  closed(reason: CloseReason): void
  dropped(): void
  parseError(): void
}

/** Declares the RTMP server's metrics. */
export function rtmpMetrics(metrics: Metrics): RtmpMetrics {
  const receivedBytes = metrics.counter({
    name: 'ingest_received_bytes_total',
    help: 'Bytes received from encoders.',
  })
  const connections = metrics.gauge({ name: 'ingest_connections', help: 'Open encoder connections.' })
  const closedTotal = metrics.counter({
    name: 'ingest_connections_closed_total',
    help: 'Encoder connections that ended, by reason.',
    labelNames: ['reason'],
  })
  const droppedTotal = metrics.counter({
    name: 'ingest_connections_dropped_total',
    help: 'Connections turned away because there were too many, or because TLS failed.',
  })
  const parseErrors = metrics.counter({
    name: 'ingest_parse_errors_total',
    help: 'Connections ended because what they sent could not be read.',
  })
  return {
    received: (sizeBytes) => receivedBytes.inc(sizeBytes),
    opened: () => connections.inc(),
    closed(reason) {
      connections.dec()
      closedTotal.inc({ reason })
    },
    dropped: () => droppedTotal.inc(),
    parseError: () => parseErrors.inc(),
  }
}
