import { type Database, schema } from '@streamtube/db/index.ts'
import { eq, sql } from 'drizzle-orm'

const { removals } = schema

/** More may follow: its sweep waits until whoever sends has done so. */
const SWEEP_AFTER_MS = 60_000

/**
 * Whether a timeline was given up. Then nothing is kept of it any more; what its sender has put into blobs meanwhile is
 * for another sweep. The end of a broadcast that is not archived is taken until the first sweep: clips may show it.
 */
export async function isRemoved(db: Database, timelineId: string, nowMs: number): Promise<boolean> {
  const soonest = new Date(nowMs + SWEEP_AFTER_MS).toISOString()
  const [removal] = await db
    .update(removals)
    .set({ sweepAt: sql`greatest(${removals.sweepAt}, ${soonest}::timestamptz)` })
    .where(eq(removals.id, timelineId))
    .returning({ reason: removals.reason, sweptAt: removals.sweptAt })
  if (!removal) return false
  return removal.reason !== 'not-archived' || removal.sweptAt !== null
}
