import { sql } from 'drizzle-orm'
import { check, index, pgTable, text } from 'drizzle-orm/pg-core'
import { idColumn, moment, xid8 } from './columns.ts'

/**
 * Playback tokens that end before their time: those that match every column that is not null. A row is kept for as long
 * as a token may last, never changed and never taken back.
 */
export const revocations = pgTable(
  'revocations',
  {
    id: idColumn(),
    /** Edges are told what stays below the oldest running transaction, so that no late commit is skipped. */
    transactionId: xid8('transaction_id').notNull().default(sql`pg_current_xact_id()`),
    playbackId: text('playback_id'),
    sessionId: text('session_id'),
    viewerId: text('viewer_id'),
    assetId: text('asset_id'),
    /** Tokens that were granted later are good; null: none is. */
    decidedUntil: moment('decided_until'),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [
    index('revocations_feed').on(table.transactionId, table.id),
    index('revocations_expiry').on(table.expiresAt),
    check(
      'revocations_name_something',
      sql`num_nonnulls(${table.playbackId}, ${table.sessionId}, ${table.viewerId}, ${table.assetId}) > 0`,
    ),
  ],
)
