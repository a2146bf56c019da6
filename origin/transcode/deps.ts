import type { Client } from '@connectrpc/connect'
import type { JobService } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import type { Logger } from '../log.ts'
import type { Blobs } from '../ports/blobs/port.ts'

/** The api role as a worker sees it. Every call has a deadline. */
export type JobApi = Client<typeof JobService>

/** What a task is done with. */
export interface TaskDeps {
  api: JobApi
  blobs: Blobs
  /** For ingest's media routes. */
  serviceToken: string
  /** Folder for files that live as long as a job. */
  scratch: string
  log: Logger
}

/** One attempt at a job. */
export interface Run {
  /** The worker is told to stop, or has lost the job. */
  signal: AbortSignal
  /** @param share 0 to 1 */
  progress: (share: number) => void
}
