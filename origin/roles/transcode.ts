import { JobService } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { openBlobs } from '../compose-blobs.ts'
import type { StartRole } from '../role.ts'
import { connectRpc } from '../rpc/client.ts'
import { startWorkers } from '../transcode/index.ts'

const RPC_DEADLINE_MS = 10_000

/** The transcode role: claims jobs from the api and does them. */
export const startTranscode: StartRole = async ({ config, log, metrics }) => {
  const blobs = await openBlobs({ config, log })
  const rpc = connectRpc(JobService, {
    url: config.rpcUrl,
    serviceToken: config.serviceToken,
    deadlineMs: RPC_DEADLINE_MS,
  })
  const workers = await startWorkers({
    api: rpc.client,
    blobs,
    serviceToken: config.serviceToken,
    log,
    metrics,
  })
  return {
    ready: () => workers.ready(),
    async close() {
      await workers.close()
      rpc.close()
      await blobs.close()
    },
  }
}
