import type { Database } from '@streamtube/db/index.ts'
import { documents } from '@streamtube/db/schema/documents.ts'
import { and, asc, desc, eq, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import { type CallOptions, withDeadline } from '../deadline.ts'
import { PortError } from '../error.ts'
import { toJson } from '../json.ts'
import { checkCollection, checkDocs, checkFilter, checkPage, checkTime } from './check.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import {
  DOC_MAX_BYTES,
  type Doc,
  type DocFilter,
  type DocFindOptions,
  type DocPage,
  type Docs,
  type JsonObject,
} from './port.ts'

const DELETE_BATCH = 5000

/** Opens documents in the database's own table (`db:`). Whoever opened the database closes it. */
export function openJsonbDocs(database: Database): Docs {
  return new JsonbDocs(database)
}

class JsonbDocs implements Docs {
  readonly #database: Database
  #closed = false

  constructor(database: Database) {
    this.#database = database
  }

  insertMany(collection: string, docs: readonly Doc[], options: CallOptions = {}): Promise<number> {
    return this.#call('insertMany', options, async () => {
      checkCollection(collection)
      checkDocs(docs)
      const rows = docs.map(({ id, timeMs, body }) => ({
        collection,
        id,
        at: new Date(timeMs),
        body: sql`${toJson('docs', body, DOC_MAX_BYTES)}::jsonb`,
      }))
      if (rows.length === 0) return 0
      const query = this.#database.insert(documents).values(rows).onConflictDoNothing()
      return (await query.returning({ id: documents.id })).length
    })
  }

  find(collection: string, filter: DocFilter, options: DocFindOptions = {}): Promise<DocPage> {
    return this.#call('find', options, async () => {
      const { order = 'asc', cursor = null, limit = 100 } = options
      checkCollection(collection)
      checkFilter(filter)
      checkPage(limit)
      const conditions = conditionsOf(collection, filter)
      if (cursor !== null) conditions.push(beyond(cursor, order))
      const direction = order === 'asc' ? asc : desc
      const rows = await this.#database
        .select()
        .from(documents)
        .where(and(...conditions))
        .orderBy(direction(documents.at), direction(documents.id))
        .limit(limit + 1)
      const items = rows.slice(0, limit).map(toDoc)
      const last = items.at(-1)
      return { items, next: rows.length > limit && last ? encodeCursor(last) : null }
    })
  }

  deleteBefore(collection: string, beforeMs: number, options: CallOptions = {}): Promise<number> {
    return this.#call('deleteBefore', options, async (signal) => {
      checkCollection(collection)
      checkTime(beforeMs)
      const old = and(eq(documents.collection, collection), lt(documents.at, new Date(beforeMs)))
      let deleted = 0
      // In batches, so that others get their turn on the connection.
      for (;;) {
        signal.throwIfAborted()
        const batch = this.#database
          .select({ id: documents.id })
          .from(documents)
          .where(old)
          .limit(DELETE_BATCH)
        const gone = await this.#database
          .delete(documents)
          .where(and(eq(documents.collection, collection), inArray(documents.id, batch)))
          .returning({ one: sql<number>`1` })
        deleted += gone.length
        if (gone.length < DELETE_BATCH) return deleted
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #call<T>(name: string, options: CallOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline('docs', name, options, async (signal) => {
      if (this.#closed) throw new PortError('docs', 'closed', `${name} after close`)
      try {
        return await run(signal)
      } catch (error) {
        if (error instanceof PortError) throw error
        throw new PortError('docs', 'unavailable', `${name} failed in the database`, error)
      }
    })
  }
}

function conditionsOf(collection: string, { equals = {}, fromMs, toMs }: DocFilter): SQL[] {
  const conditions = [eq(documents.collection, collection)]
  if (fromMs !== undefined) conditions.push(gte(documents.at, new Date(fromMs)))
  if (toMs !== undefined) conditions.push(lt(documents.at, new Date(toMs)))
  for (const [name, value] of Object.entries(equals)) {
    conditions.push(sql`${documents.body} -> ${name}::text = ${JSON.stringify(value)}::jsonb`)
  }
  return conditions
}

function beyond(cursor: string, order: 'asc' | 'desc'): SQL {
  const { timeMs, id } = decodeCursor(cursor)
  const position = sql`(${new Date(timeMs).toISOString()}::timestamptz, ${id}::text)`
  const row = sql`(${documents.at}, ${documents.id})`
  return order === 'asc' ? sql`${row} > ${position}` : sql`${row} < ${position}`
}

function toDoc(row: typeof documents.$inferSelect): Doc {
  // What `insertMany` wrote: a JSON object.
  return { id: row.id, timeMs: row.at.getTime(), body: row.body as JsonObject }
}
