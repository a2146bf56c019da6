import type { Database } from '@streamtube/db/index.ts'
import { rangesHeldByClips } from '../clips/index.ts'
import { readTimelineWithin } from '../library/index.ts'
import type { SequenceRange } from './thin.ts'

/** The segments of a timeline that clips show: just those that their playlists list. */
export async function heldRanges(db: Database, timelineId: string): Promise<SequenceRange[]> {
  const held: SequenceRange[] = []
  for (const range of (await rangesHeldByClips(db, [timelineId])).get(timelineId) ?? []) {
    const segments = (await readTimelineWithin(db, timelineId, range))[0]?.segments ?? []
    const [first, last] = [segments[0], segments.at(-1)]
    if (first && last) held.push({ first: first.sequence, last: last.sequence })
  }
  return held
}
