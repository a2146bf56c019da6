import { collectByHeapNotMedia } from '../../origin/live/heap.ts'
import { rtmpMetrics } from '../../origin/live/rtmp/metrics.ts'
import { startRtmpServer } from '../../origin/live/rtmp/server.ts'
import { sourceEventOf } from '../../origin/media/flv/source.ts'
import { Packager } from '../../origin/media/packager.ts'
import { Sanitiser } from '../../origin/media/sanitiser.ts'
import { quietLog, testMetrics } from './origin-parts.ts'

/** What the process answers to every message. */
export interface SinkState {
  port: number
  /** Messages received from the publisher with the key "counted". */
  counted: number
  openConnections: number
  parseErrors: number
  residentBytes: number
}

/**
 * A process with nothing but our RTMP server. Streams are thrown away; those with the key "packaged" go through the
 * sanitiser and the packager first. Its timeouts are SINK_TIMEOUT_MS. "gc" collects garbage before it answers.
 */
collectByHeapNotMedia()
const timeoutMs = Number(process.env.SINK_TIMEOUT_MS ?? 120_000)
const metrics = testMetrics()
let counted = 0

function packaged() {
  const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210 }, () => {})
  const sanitiser = new Sanitiser((event) => packager.push(event))
  return {
    take(tag: Parameters<typeof sourceEventOf>[0]) {
      const event = sourceEventOf(tag, Date.now())
      if (event) sanitiser.push(event)
    },
    close() {
      sanitiser.finish()
      packager.finish()
    },
  }
}

const server = await startRtmpServer({
  host: '127.0.0.1',
  port: 0,
  metrics: rtmpMetrics(metrics.metrics),
  log: quietLog,
  timeouts: { establishMs: timeoutMs, idleMs: timeoutMs, lingerMs: 50 },
  maxConnections: 10_000,
  desk: {
    open: async ({ key }) => {
      if (key === 'packaged') return packaged()
      const take = () => {
        if (key === 'counted') counted++
      }
      return { take, close: () => {} }
    },
  },
})

async function state(): Promise<SinkState> {
  return {
    port: server.port,
    counted,
    openConnections: await metrics.value('ingest_connections{'),
    parseErrors: await metrics.value('ingest_parse_errors_total'),
    residentBytes: process.memoryUsage().rss,
  }
}

process.on('message', async (asked) => {
  if (asked === 'gc') globalThis.gc?.()
  process.send?.(await state())
})
process.once('disconnect', () => process.exit())
process.send?.(await state())
