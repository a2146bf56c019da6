import type { ClipChanges } from '@streamtube/contracts/api/clips.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { invalidFields } from '../http/errors.ts'
import type { FoundClip } from './find.ts'
import { programTimeOf } from './positions.ts'
import { checkedRange, type PlaceRange, rulesFor } from './range.ts'
import { readTake } from './take.ts'

const { clips } = schema

/** Places that differ by less are the same: they were rounded on their way. */
const ROUNDING_MS = 50

/**
 * Changes title and range, and publishes a draft.
 * @param found as whoever asks may change it
 * @throws ApiError 400 for a range that is too short, too long or not within the take
 */
export async function changeClip(
  { db, now }: { db: Database; now: () => number },
  personId: string,
  found: FoundClip,
  changes: ClipChanges,
): Promise<void> {
  const { clip } = found
  const { title, publish } = changes
  const trimmed = await trim(db, personId, found, changes, now())
  const given = {
    ...(title !== undefined && { title }),
    ...(publish && clip.publishedAt === null && { publishedAt: new Date(now()) }),
    // The file of another range is of no use.
    ...(trimmed && { ...trimmed, exportKey: null, exportBytes: null, exportFrames: null, exportedAt: null }),
  }
  if (Object.keys(given).length > 0) await db.update(clips).set(given).where(eq(clips.id, clip.id))
}

async function trim(
  db: Database,
  personId: string,
  { clip, ownerId, video }: FoundClip,
  { startMs, endMs }: ClipChanges,
  nowMs: number,
) {
  if (startMs === undefined && endMs === undefined) return null
  const take = await readTake(db, clip, video?.state === 'live', nowMs)
  const wanted: PlaceRange = {
    startMs: within(take, startMs ?? clip.positionMs, 'startMs'),
    endMs: within(take, endMs ?? clip.positionMs + clip.durationMs, 'endMs'),
  }
  const range = checkedRange(
    wanted,
    rulesFor(ownerId === personId),
    startMs === undefined ? 'endMs' : 'startMs',
  )
  const start = programTimeOf(take.stretches, range.startMs, 'start')
  const end = programTimeOf(take.stretches, range.endMs, 'end')
  if (start === null || end === null) throw outside('startMs')
  return {
    startMs: Math.round(start),
    endMs: Math.round(end),
    positionMs: Math.round(range.startMs),
    durationMs: Math.round(range.endMs - range.startMs),
  }
}

function within({ startMs, endMs }: PlaceRange, wantedMs: number, field: string): number {
  if (wantedMs < startMs - ROUNDING_MS || wantedMs > endMs + ROUNDING_MS) throw outside(field)
  return Math.min(endMs, Math.max(startMs, wantedMs))
}

function outside(field: string) {
  return invalidFields([{ field, message: 'must be within what was taken for this clip' }])
}
