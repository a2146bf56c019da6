import { type Database, schema } from '@streamtube/db/index.ts'
import { asc, sql } from 'drizzle-orm'

const { revocations } = schema

/** Revocations in one answer: some 100 KB. */
const PAGE = 1_000

export type RevocationRow = typeof revocations.$inferSelect

export interface RevocationPage {
  rows: RevocationRow[]
  /** Where to go on. */
  cursor: string
  /** There is more behind the cursor already. */
  more: boolean
}

/**
 * The revocations behind a cursor, in the order of their transactions. Transactions commit out of order, so the cursor
 * goes no further than the oldest that still runs: nothing can be committed below it any more. What is above it is told
 * at once, and again until that one is over: one long transaction must not keep revoked viewers watching.
 * A cursor that this database never gave (it was restored meanwhile) counts as none.
 * @param cursor of an earlier page, or empty for all that there are
 */
export async function readRevocations(
  db: Database,
  cursor: string,
  pageRows = PAGE,
): Promise<RevocationPage> {
  const { horizon, end } = await readHorizon(db)
  const from = parseCursor(cursor, end)
  const rows = await db
    .select()
    .from(revocations)
    .where(sql`(${revocations.transactionId}, ${revocations.id}) > (${from.transactionId}::xid8, ${from.id})`)
    .orderBy(asc(revocations.transactionId), asc(revocations.id))
    .limit(pageRows)
  const last = rows.at(-1)
  const isThrough = !last || rows.length < pageRows || BigInt(last.transactionId) >= BigInt(horizon)
  if (isThrough) return { rows, cursor: `${horizon}.`, more: false }
  return { rows, cursor: `${last.transactionId}.${last.id}`, more: true }
}

/** `horizon`: every transaction below is over. `end`: no transaction has begun from here on. */
async function readHorizon(db: Database): Promise<{ horizon: string; end: bigint }> {
  const [row] = await db
    .select({
      horizon: sql<string>`pg_snapshot_xmin(pg_current_snapshot())::text`,
      end: sql<string>`pg_snapshot_xmax(pg_current_snapshot())::text`,
    })
    .from(sql`(select) as nothing`)
  if (!row) throw new Error('the database has no snapshot')
  return { horizon: row.horizon, end: BigInt(row.end) }
}

function parseCursor(cursor: string, end: bigint): { transactionId: string; id: string } {
  const [, transactionId = '', id = ''] = /^(\d{1,20})\.(\w{0,64})$/.exec(cursor) ?? []
  if (transactionId === '' || BigInt(transactionId) > end) return { transactionId: '0', id: '' }
  return { transactionId, id }
}
