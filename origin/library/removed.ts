import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'

const { removals } = schema

/** More may follow: its sweep waits until whoever sends has done so. */
const SWEEP_AFTER_MS = 60_000

/**
 * Whether a timeline was given up. Then nothing is kept of it any more; what its sender has put into blobs meanwhile is
 * for another sweep.
 */
export async function isRemoved(db: Database, timelineId: string, nowMs: number): Promise<boolean> {
  const rows = await db
    .update(removals)
    .set({ sweepAt: new Date(nowMs + SWEEP_AFTER_MS) })
    .where(eq(removals.id, timelineId))
    .returning({ id: removals.id })
  return rows.length > 0
}
