import type { SegmentEntry } from '../media/types.ts'

/** Segments of all renditions, from one media sequence number to another, both among them. */
export interface SequenceRange {
  first: number
  last: number
}

/** The entries whose bytes nobody needs: all that have some, but those that are held. */
export function freeable(entries: readonly SegmentEntry[], held: readonly SequenceRange[]): SegmentEntry[] {
  return entries.filter((entry) => !entry.gap && !isHeld(entry, held))
}

/**
 * What the index still says once bytes were freed: what is held, what came in meanwhile, and, unless all of the timeline
 * goes, the places where a new header or a discontinuity began. What follows those is counted from them, so they stay as
 * gaps.
 * @param freed media sequence numbers
 */
export function leaveOf(
  entries: readonly SegmentEntry[],
  about: { held: readonly SequenceRange[]; freed: ReadonlySet<number>; keepMarks: boolean },
): SegmentEntry[] {
  const { held, freed, keepMarks } = about
  return entries.flatMap((entry) => {
    if (isHeld(entry, held) || !(entry.gap || freed.has(entry.sequence))) return [entry]
    return keepMarks && isMark(entry) ? [{ ...entry, gap: true, independent: false, sizeBytes: 0 }] : []
  })
}

function isHeld({ sequence }: SegmentEntry, held: readonly SequenceRange[]): boolean {
  return held.some(({ first, last }) => sequence >= first && sequence <= last)
}

function isMark({ discontinuity, header, sequence }: SegmentEntry): boolean {
  return discontinuity || header === sequence
}
