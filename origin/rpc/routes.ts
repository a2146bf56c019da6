import type { ConnectRouter } from '@connectrpc/connect'
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '@streamtube/contracts/gen/grpc/health/v1/health_pb'
import { EdgeService } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { JobService } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { SetupService } from '@streamtube/contracts/gen/streamtube/v1/setup_pb'
import type { Accounts } from '../accounts/index.ts'
import type { LibraryDeps, Work } from '../library/index.ts'
import { edgeService } from './edge-service.ts'
import { ingestService } from './ingest-service.ts'
import { jobService } from './job-service.ts'
import { setupService } from './setup-service.ts'

/** What the services work with. */
export interface RpcDeps extends LibraryDeps {
  accounts: Accounts
  work: Work
  /** Base URL under which edges reach this api's media routes. */
  libraryUrl: string
  demo: boolean
  /** The installation's secret; demo keys follow from it. */
  secret: string
  /** Aborted when the role drains: waiting claims answer at once, health says no. */
  closing: AbortSignal
}

/** Every service of the api role. */
export function rpcRoutes(deps: RpcDeps): (router: ConnectRouter) => void {
  return (router) => {
    router.service(IngestService, ingestService(deps))
    router.service(EdgeService, edgeService(deps))
    router.service(JobService, jobService(deps))
    router.service(SetupService, setupService(deps))
    router.service(Health, {
      check: () => ({
        status: deps.closing.aborted ? ServingStatus.NOT_SERVING : ServingStatus.SERVING,
      }),
    })
  }
}
