import { type Database, schema } from '@streamtube/db/index.ts'
import { and, arrayOverlaps, eq } from 'drizzle-orm'
import type { SentSegment } from './append.ts'
import { entriesOf, mergeMinute, minuteOf, oneOf } from './minute.ts'

const { timelineIndex } = schema

type MinuteRow = typeof timelineIndex.$inferSelect

/**
 * Keeps a number from being in the index twice. A gap is listed where its neighbours say, and under the epoch that came
 * before it: the segment that it stands for may belong into another row. Whichever of both comes later finds the other.
 * @returns the segments that are still to be written
 */
export async function settleNumbers(
  db: Database,
  timelineId: string,
  segments: readonly SentSegment[],
): Promise<SentSegment[]> {
  const written: SentSegment[] = []
  for (const [renditionId, own] of Map.groupBy(segments, (segment) => segment.renditionId)) {
    const sequences = own.map(({ sequence }) => sequence)
    const rows = await db
      .select()
      .from(timelineIndex)
      .where(
        and(
          eq(timelineIndex.timelineId, timelineId),
          eq(timelineIndex.renditionId, renditionId),
          arrayOverlaps(timelineIndex.sequences, sequences),
        ),
      )
    const left = new Map(own.map((segment) => [segment.sequence, segment]))
    for (const row of rows) await settleRow(db, row, left)
    written.push(...left.values())
  }
  return written
}

/** Leaves of each number either the row's entry or the new one. What belongs into this row is merged when it is written. */
async function settleRow(db: Database, row: MinuteRow, added: Map<number, SentSegment>): Promise<void> {
  const before = entriesOf(row)
  const after = before.flatMap((there) => {
    const other = added.get(there.sequence)
    if (!other || isOf(row, other)) return [there]
    const stays = oneOf(there, other)
    if (there.gap && !other.gap) {
      added.set(there.sequence, { ...other, ...stays })
      return []
    }
    added.delete(there.sequence)
    return [stays]
  })
  if (after.every((entry, i) => entry === before[i]) && after.length === before.length) return
  const same = and(
    eq(timelineIndex.timelineId, row.timelineId),
    eq(timelineIndex.renditionId, row.renditionId),
    eq(timelineIndex.epoch, row.epoch),
    eq(timelineIndex.minute, row.minute),
  )
  if (after.length === 0) await db.delete(timelineIndex).where(same)
  else await db.update(timelineIndex).set(mergeMinute(null, after)).where(same)
}

function isOf(row: MinuteRow, segment: SentSegment): boolean {
  return row.epoch === segment.epoch && row.minute === minuteOf(segment.programTimeMs)
}
