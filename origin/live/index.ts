import { randomUUID } from 'node:crypto'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import type { EdgeTokenVerifier } from '../trust/edge-token.ts'
import { createPublishDesk } from './desk.ts'
import { HeldBroadcasts } from './held-broadcasts.ts'
import type { IngestApi } from './ingest-api.ts'
import { openLadders } from './ladder.ts'
import { mediaMetrics } from './media-metrics.ts'
import { startMediaServer } from './media-server.ts'
import { liveMetrics } from './metrics.ts'
import { Recordings } from './recordings.ts'
import { LiveRegistry } from './registry.ts'
import { StreamReports } from './reports.ts'
import { rtmpMetrics } from './rtmp/metrics.ts'
import { type RtmpServer, startRtmpServer } from './rtmp/server.ts'
import type { SpoolOptions } from './spool/index.ts'
import { spoolMetrics } from './spool/metrics.ts'

export { collectByHeapNotMedia } from './heap.ts'

export interface LiveOptions {
  host: string
  rtmpPort: number
  /** Null: no RTMPS. Certificate and key in PEM. */
  rtmps: { port: number; cert: Buffer; key: Buffer } | null
  /** Encoding sessions that ladders may have open at once on the graphics card. */
  cardSessionsMax: number
  /** Media for edges: host and port to listen on. */
  media: { host: string; port: number }
  /** Where edges reach this node's media; null: the address that `media` turns out to have. */
  nodeUrl: string | null
  api: IngestApi
  blobs: Blobs
  /** The folder of this node's spool, and its bounds: see Spool. */
  spool: Pick<SpoolOptions, 'folder' | 'maxBytes' | 'fsync'>
  edgeTokens: EdgeTokenVerifier
  serviceToken: string
  log: Logger
  metrics: Metrics
}

/** A running ingest node. */
export interface Live {
  rtmpPort: number
  rtmpsPort: number | null
  mediaPort: number
  /** Ends every session, keeps and reports what is left of them for as long as `signal` allows, closes the ports. */
  close(signal: AbortSignal): Promise<void>
}

/** How long encoders wait for what an earlier run left to be stored. */
const REPLAY_FIRST_MS = 3_000
/** What a node that ends waits for the spool's disk. */
const SPOOL_CLOSE_MS = 1_000

/**
 * Takes streams in and serves their live tails.
 * @throws the listen error of a port that is taken; DatabaseError `in-use` when another process has the spool's folder
 */
export async function startLive(options: LiveOptions): Promise<Live> {
  const { api, blobs, log, host } = options
  const nowMs = () => Date.now()
  const metrics = liveMetrics(options.metrics)
  const recordings = await Recordings.open({
    spool: { ...options.spool, metrics: spoolMetrics(options.metrics) },
    blobs,
    api,
    log,
    metrics,
  })
  const registry = new LiveRegistry()
  const reports = new StreamReports({
    send: async (batch) => (await api.reportStreams({ reports: batch })).verdicts,
    log,
    metrics,
  })
  const ladders = openLadders({ cardSessionsMax: options.cardSessionsMax, metrics, log })

  const media = await startMediaServer({
    ...options.media,
    edgeTokens: options.edgeTokens,
    serviceToken: options.serviceToken,
    timelineOf: (timelineId) => registry.get(timelineId),
    spooled: (path) => recordings.read(path),
    metrics: mediaMetrics(options.metrics),
    log,
    nowMs,
  })
  const nodeUrl = options.nodeUrl ?? `http://${options.media.host}:${media.port}`
  const broadcasts = new HeldBroadcasts({
    api,
    recordings,
    nodeUrl,
    makeLadder: ladders.make,
    registry,
    reports,
    metrics,
    log,
    nowMs,
  })
  const desk = createPublishDesk({
    api,
    nodeUrl,
    nodeRun: randomUUID(),
    begin: (grant, publisher) => broadcasts.admit(grant, publisher),
  })
  // Whoever comes back is told then of all that was kept, and lists it.
  await recordings.replay(REPLAY_FIRST_MS)
  const shared = { host, desk, metrics: rtmpMetrics(options.metrics), log }
  const servers: RtmpServer[] = []
  try {
    servers.push(await startRtmpServer({ ...shared, port: options.rtmpPort }))
    if (options.rtmps) {
      const { port, cert, key } = options.rtmps
      servers.push(await startRtmpServer({ ...shared, port, tls: { cert, key } }))
    }
  } catch (error) {
    ladders.close()
    await Promise.all([...servers, media].map((server) => server.close()))
    await recordings.close(AbortSignal.timeout(SPOOL_CLOSE_MS))
    throw error
  }

  return {
    rtmpPort: servers[0]?.port ?? options.rtmpPort,
    rtmpsPort: servers[1]?.port ?? null,
    mediaPort: media.port,
    async close(signal) {
      ladders.close()
      await Promise.all(servers.map((server) => server.close()))
      await broadcasts.close(signal)
      await media.close()
      registry.close()
      await recordings.close(AbortSignal.timeout(SPOOL_CLOSE_MS))
    },
  }
}
