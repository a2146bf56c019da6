import type { Database } from '@streamtube/db/index.ts'
import type { Logger } from '../log.ts'
import type { Blobs } from '../ports/blobs/port.ts'

/** What retention works with. */
export interface RetentionDeps {
  db: Database
  blobs: Blobs
  log: Logger
  /** Milliseconds since the Unix epoch. */
  now: () => number
  /** Ends a sweep between two batches; the next one goes on. */
  closing: AbortSignal
}
