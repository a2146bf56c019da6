import { type Database, schema } from '@streamtube/db/index.ts'
import { and, asc, eq, lt, sql } from 'drizzle-orm'
import { entriesOf, mergeMinute } from '../library/index.ts'
import { BLOB_BATCH_MAX_KEYS } from '../ports/blobs/port.ts'
import type { RetentionDeps } from './deps.ts'
import { freeable, leaveOf, type SequenceRange } from './thin.ts'

const { broadcasts, timelineIndex } = schema

type MinuteRow = typeof timelineIndex.$inferSelect

/** Minutes of a rendition at a time: some 1,000 segments, of which one call deletes as many. */
const BATCH_ROWS = 32

export interface Freeing {
  timelineId: string
  held: readonly SequenceRange[]
  /** Only what is older than this minute of program time (minutes since the Unix epoch); null: all of it. */
  beforeMinute: number | null
  /** Told of each batch in the transaction that takes it out of the index. */
  onFreed?: (db: Database, bytes: number) => Promise<void>
}

/**
 * Deletes a timeline's segments that nothing holds, oldest rows of each rendition first: their bytes, then what the index
 * says of them, so that a sweep that is cut short finds the rest by the index.
 * @returns false when it was cut short
 * @throws PortError
 */
export async function freeSegments(deps: RetentionDeps, freeing: Freeing): Promise<boolean> {
  for (let after: MinuteRow | null = null; ; ) {
    if (deps.closing.aborted) return false
    const rows = await nextRows(deps.db, freeing, after)
    await freeRows(deps, freeing, rows)
    after = rows.at(-1) ?? null
    if (rows.length < BATCH_ROWS) return true
  }
}

async function nextRows(
  db: Database,
  { timelineId, beforeMinute }: Freeing,
  after: MinuteRow | null,
): Promise<MinuteRow[]> {
  const { renditionId, epoch, minute } = timelineIndex
  return await db
    .select()
    .from(timelineIndex)
    .where(
      and(
        eq(timelineIndex.timelineId, timelineId),
        beforeMinute === null ? undefined : lt(minute, beforeMinute),
        after
          ? sql`(${renditionId}, ${epoch}, ${minute}) > (${after.renditionId}, ${after.epoch}, ${after.minute})`
          : undefined,
      ),
    )
    .orderBy(asc(renditionId), asc(epoch), asc(minute))
    .limit(BATCH_ROWS)
}

async function freeRows(deps: RetentionDeps, freeing: Freeing, rows: readonly MinuteRow[]): Promise<void> {
  const freed = rows.map((row) => ({ row, entries: freeable(entriesOf(row), freeing.held) }))
  const keys = freed.flatMap(({ row, entries }) =>
    entries.map(({ sequence }) => `${row.locatorPrefix}s${sequence}.m4s`),
  )
  for (let i = 0; i < keys.length; i += BLOB_BATCH_MAX_KEYS) {
    await deps.blobs.delete(keys.slice(i, i + BLOB_BATCH_MAX_KEYS))
  }
  await deps.db.transaction(async (tx) => {
    // As appends do: none of them writes a row back as it was before.
    await tx
      .select({ id: broadcasts.id })
      .from(broadcasts)
      .where(eq(broadcasts.id, freeing.timelineId))
      .for('update')
    for (const { row, entries } of freed) {
      await takeOut(tx, freeing, row, new Set(entries.map(({ sequence }) => sequence)))
    }
    const bytes = freed.flatMap(({ entries }) => entries).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    if (bytes > 0) await freeing.onFreed?.(tx, bytes)
  })
}

async function takeOut(
  db: Database,
  { held, beforeMinute }: Freeing,
  { timelineId, renditionId, epoch, minute }: MinuteRow,
  freed: ReadonlySet<number>,
): Promise<void> {
  const place = and(
    eq(timelineIndex.timelineId, timelineId),
    eq(timelineIndex.renditionId, renditionId),
    eq(timelineIndex.epoch, epoch),
    eq(timelineIndex.minute, minute),
  )
  const [row] = await db.select().from(timelineIndex).where(place)
  if (!row) return
  const entries = entriesOf(row)
  const rest = leaveOf(entries, { held, freed, keepMarks: held.length > 0 || beforeMinute !== null })
  if (rest.length === 0) await db.delete(timelineIndex).where(place)
  else if (freed.size > 0 || rest.length < entries.length) {
    await db.update(timelineIndex).set(mergeMinute(null, rest)).where(place)
  }
}
