import type { Database, Transaction } from '@streamtube/db/index.ts'
import type { Logger } from '../log.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import type { Events } from '../ports/events/port.ts'
import type { Kv } from '../ports/kv/port.ts'

/** What the library works with. */
export interface LibraryDeps {
  db: Database
  kv: Kv
  blobs: Blobs
  events: Events<Transaction>
  log: Logger
  /** Milliseconds since the Unix epoch. */
  now: () => number
  /** Since when ingest nodes could be heard without a break: silence before that says nothing about them. */
  hearingSinceMs: () => number
}
