import { readFile } from 'node:fs/promises'
import { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { openBlobs } from '../compose-blobs.ts'
import { ConfigError } from '../config.ts'
import { collectByHeapNotMedia, startLive } from '../live/index.ts'
import type { StartRole } from '../role.ts'
import { connectRpc } from '../rpc/client.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'

const RPC_DEADLINE_MS = 5_000
/** What is left of the streams must be kept within this when the process is to end. */
const DRAIN_MS = 6_000

/** The ingest role: encoders in, live tails out, recordings to blobs. */
export const startIngest: StartRole = async ({ config, log, metrics }) => {
  collectByHeapNotMedia()
  const rpc = connectRpc(IngestService, {
    url: config.rpcUrl,
    serviceToken: config.serviceToken,
    deadlineMs: RPC_DEADLINE_MS,
  })
  const blobs = await openBlobs({ config, log })
  const live = await startLive({
    host: config.host,
    rtmpPort: config.rtmpPort,
    rtmps: await readRtmps(config),
    cardSessionsMax: config.nvencSessionsMax,
    media: { host: '127.0.0.1', port: config.ingestPort },
    nodeUrl: config.ingestUrl,
    api: rpc.client,
    blobs,
    spool: {
      folder: config.spoolDir,
      maxBytes: config.spoolMaxMib * 1024 * 1024,
      fsync: config.spoolFsync,
    },
    edgeTokens: createEdgeTokenVerifier(config.edgePublicJwks),
    serviceToken: config.serviceToken,
    log,
    metrics,
  })
  log.info({ rtmpPort: live.rtmpPort, rtmpsPort: live.rtmpsPort }, 'Ready for encoders')
  return {
    ready: () => true,
    async close() {
      await live.close(AbortSignal.timeout(DRAIN_MS))
      rpc.close()
      await blobs.close()
    },
  }
}

async function readRtmps(config: Parameters<StartRole>[0]['config']) {
  const { rtmpsPort: port, tlsCert, tlsKey } = config
  if (port === null) return null
  if (!tlsCert || !tlsKey) throw new ConfigError('TLS_CERT', 'must be set with RTMPS_PORT')
  return { port, cert: await readFile(tlsCert), key: await readFile(tlsKey) }
}
