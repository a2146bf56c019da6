import type { SegmentEntry } from '../media/types.ts'

/** The parallel arrays of one row of the timeline index, ordered by sequence. */
export interface MinuteArrays {
  sequences: number[]
  dts: number[]
  durations: number[]
  programTimesMs: number[]
  sizesBytes: number[]
  flags: number[]
}

const INDEPENDENT = 1
export const DISCONTINUITY = 2
export const GAP = 4
/** From here on another header holds: the one that is named by this segment's number. */
export const HEADER = 8

/** Minutes since the Unix epoch: which row an entry belongs to. */
export function minuteOf(programTimeMs: number): number {
  return Math.floor(programTimeMs / 60_000)
}

/** The entries of a row. */
export function entriesOf(row: MinuteArrays & { epoch: number }): SegmentEntry[] {
  return row.sequences.map((sequence, i) => {
    const flags = row.flags[i] ?? 0
    return {
      epoch: row.epoch,
      sequence,
      dts: row.dts[i] ?? 0,
      duration: row.durations[i] ?? 0,
      programTimeMs: row.programTimesMs[i] ?? 0,
      sizeBytes: row.sizesBytes[i] ?? 0,
      independent: (flags & INDEPENDENT) !== 0,
      discontinuity: (flags & DISCONTINUITY) !== 0,
      gap: (flags & GAP) !== 0,
      ...((flags & HEADER) !== 0 && { header: row.sequences[i] ?? 0 }),
    }
  })
}

/**
 * Carries headers forward: a row says only where one begins to hold.
 * @param entries a rendition's, by sequence
 */
export function withHeaders(entries: readonly SegmentEntry[]): SegmentEntry[] {
  let before: SegmentEntry | null = null
  return entries.map((entry) => {
    const carried = before?.epoch === entry.epoch ? before.header : undefined
    const header = entry.header ?? carried
    before = header === undefined ? entry : { ...entry, header }
    return before
  })
}

/**
 * Puts entries into a row. A segment that is there already stays as it is: segments are immutable, and whoever reports
 * one twice says the same. A gap gives way to the segment that was believed lost. The order in which entries come in
 * doesn't matter.
 */
export function mergeMinute(
  row: (MinuteArrays & { epoch: number }) | null,
  added: readonly SegmentEntry[],
): MinuteArrays {
  const bySequence = new Map<number, SegmentEntry>()
  for (const entry of [...(row ? entriesOf(row) : []), ...added]) {
    const there = bySequence.get(entry.sequence)
    bySequence.set(entry.sequence, there ? oneOf(there, entry) : entry)
  }
  const entries = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence)
  return {
    sequences: entries.map((entry) => entry.sequence),
    dts: entries.map((entry) => entry.dts),
    durations: entries.map((entry) => entry.duration),
    programTimesMs: entries.map((entry) => entry.programTimeMs),
    sizesBytes: entries.map((entry) => entry.sizeBytes),
    flags: entries.map(flagsOf),
  }
}

/**
 * What stays of two entries of one number: the first one, but a segment rather than a gap. Players have counted the gap's
 * discontinuity, and numbers of discontinuities never go back.
 */
export function oneOf(there: SegmentEntry, other: SegmentEntry): SegmentEntry {
  if (there.gap === other.gap) return there
  const [gap, segment] = there.gap ? [there, other] : [other, there]
  return gap.discontinuity && !segment.discontinuity ? { ...segment, discontinuity: true } : segment
}

function flagsOf(entry: SegmentEntry): number {
  return (
    (entry.independent ? INDEPENDENT : 0) |
    (entry.discontinuity ? DISCONTINUITY : 0) |
    (entry.gap ? GAP : 0) |
    (entry.header === entry.sequence ? HEADER : 0)
  )
}
