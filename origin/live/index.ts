import { randomUUID } from 'node:crypto'
import type { Logger } from '../log.ts'
import { findEncoder } from '../media/encoders.ts'
import type { Metrics } from '../metrics.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import type { EdgeTokenVerifier } from '../trust/edge-token.ts'
import { createPublishDesk } from './desk.ts'
import type { IngestApi } from './ingest-api.ts'
import { ladderMaker } from './ladder.ts'
import { mediaMetrics } from './media-metrics.ts'
import { startMediaServer } from './media-server.ts'
import { liveMetrics } from './metrics.ts'
import { LiveRegistry } from './registry.ts'
import { StreamReports } from './reports.ts'
import { rtmpMetrics } from './rtmp/metrics.ts'
import { type RtmpServer, startRtmpServer } from './rtmp/server.ts'
import { LiveSession } from './session.ts'

export { collectByHeapNotMedia } from './heap.ts'

export interface LiveOptions {
  host: string
  rtmpPort: number
  /** Null: no RTMPS. Certificate and key in PEM. */
  rtmps: { port: number; cert: Buffer; key: Buffer } | null
  /** Media for edges: host and port to listen on. */
  media: { host: string; port: number }
  /** Where edges reach this node's media; null: the address that `media` turns out to have. */
  nodeUrl: string | null
  api: IngestApi
  blobs: Blobs
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
  /** Ends every stream, keeps and reports what is left of them for as long as `signal` allows, closes the ports. */
  close(signal: AbortSignal): Promise<void>
}

/**
 * Takes streams in and serves their live tails.
 * @throws the listen error of a port that is taken
 */
export async function startLive(options: LiveOptions): Promise<Live> {
  const { api, blobs, log, host } = options
  const nowMs = () => Date.now()
  const metrics = liveMetrics(options.metrics)
  const registry = new LiveRegistry()
  const reports = new StreamReports({
    send: async (batch) => (await api.reportStreams({ reports: batch })).verdicts,
    log,
    metrics,
  })
  const sessions = new Set<LiveSession>()
  const stopProbe = new AbortController()
  const encoder = findEncoder(stopProbe.signal)
  // Whoever makes a ladder sees the failure; a node without ladders has no use for it.
  encoder.catch((error: unknown) =>
    log.warn({ err: error }, 'No encoder was found: there will be no ladders'),
  )
  const makeLadder = ladderMaker(encoder, metrics)

  const media = await startMediaServer({
    ...options.media,
    edgeTokens: options.edgeTokens,
    serviceToken: options.serviceToken,
    timelineOf: (timelineId) => registry.get(timelineId),
    metrics: mediaMetrics(options.metrics),
    log,
    nowMs,
  })
  const nodeUrl = options.nodeUrl ?? `http://${options.media.host}:${media.port}`
  const desk = createPublishDesk({
    api,
    nodeUrl,
    nodeRun: randomUUID(),
    begin(grant, publisher) {
      const session = new LiveSession({
        grant,
        encoder: publisher,
        api,
        blobs,
        nodeUrl,
        makeLadder,
        registry,
        reports,
        metrics,
        log,
        nowMs,
        onEnded: () => sessions.delete(session),
      })
      sessions.add(session)
      return session
    },
  })
  const shared = { host, desk, metrics: rtmpMetrics(options.metrics), log }
  const servers: RtmpServer[] = []
  try {
    servers.push(await startRtmpServer({ ...shared, port: options.rtmpPort }))
    if (options.rtmps) {
      const { port, cert, key } = options.rtmps
      servers.push(await startRtmpServer({ ...shared, port, tls: { cert, key } }))
    }
  } catch (error) {
    await Promise.all([...servers, media].map((server) => server.close()))
    throw error
  }

  return {
    rtmpPort: servers[0]?.port ?? options.rtmpPort,
    rtmpsPort: servers[1]?.port ?? null,
    mediaPort: media.port,
    async close(signal) {
      stopProbe.abort()
      await Promise.all(servers.map((server) => server.close()))
      await Promise.all([...sessions].map((session) => session.ended(signal)))
      await media.close()
      registry.close()
    },
  }
}
