import type { ExtractTablesWithRelations } from 'drizzle-orm'
import type { PgDatabase, PgQueryResultHKT, PgTransaction } from 'drizzle-orm/pg-core'
import type * as schema from './schema/index.ts'

type Schema = typeof schema
type Tables = ExtractTablesWithRelations<Schema>

/** The database, whatever engine is behind it. A Transaction is one too: a query written for either takes `Database`. */
export type Database = PgDatabase<PgQueryResultHKT, Schema, Tables>

/** What `database.transaction` gives: all of it is kept, or nothing. */
export type Transaction = PgTransaction<PgQueryResultHKT, Schema, Tables>

/** A database that was opened, migrated to the newest schema, and must be closed by whoever opened it. */
export interface OpenDatabase {
  db: Database
  close(): Promise<void>
}

/** Why the database can't be opened; the message says what to do. */
export class DatabaseError extends Error {
  readonly code: 'unknown-scheme' | 'in-use' | 'damaged'

  constructor(code: DatabaseError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'DatabaseError'
    this.code = code
  }
}
