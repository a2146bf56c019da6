import { rtmpMetrics } from '../../origin/live/rtmp/metrics.ts'
import { startRtmpServer } from '../../origin/live/rtmp/server.ts'
import { quietLog, testMetrics } from './origin-parts.ts'

/** A process with nothing but our RTMP server: it counts what arrives. Answers "gc" by collecting garbage. */
let messages = 0
const server = await startRtmpServer({
  host: '127.0.0.1',
  port: 0,
  metrics: rtmpMetrics(testMetrics().metrics),
  log: quietLog,
  timeouts: { establishMs: 120_000, idleMs: 120_000 },
  maxConnections: 10_000,
  desk: {
    open: async () => ({
      take: () => {
        messages++
      },
      close: () => {},
    }),
  },
})
process.on('message', (asked) => {
  if (asked === 'gc') globalThis.gc?.()
  process.send?.({ port: server.port, messages })
})
process.once('disconnect', () => process.exit())
process.send?.({ port: server.port, messages })
