import { SetupService } from '@streamtube/contracts/gen/streamtube/v1/setup_pb'
import { connectRpc } from '../rpc/client.ts'

const DEADLINE_MS = 10_000

/** Connects to what the api role does for the supervisor alone. */
export function connectSetup(rpcPort: number, serviceToken: string) {
  return connectRpc(SetupService, {
    url: `http://127.0.0.1:${rpcPort}`,
    serviceToken,
    deadlineMs: DEADLINE_MS,
  })
}
