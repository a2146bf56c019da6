import type { SegmentEntry } from '../media/types.ts'

/** What earlier epochs left of a rendition in the live window. */
export interface LeftRendition {
  id: string
  timescale: number
  /** By sequence; what got lost is missing. */
  entries: readonly SegmentEntry[]
}

/** What earlier epochs left of a broadcast. */
export interface Left {
  renditions: readonly LeftRendition[]
  /** Discontinuities before the first entry. */
  discontinuitySequence: number
}

/** Where the new epoch begins. */
export interface Beginning {
  epoch: number
  sequence: number
  /** Program time, not before `earliestMs`. */
  programTimeMs: number
}

/** So many gaps that each is about as long as a segment: none may be longer than its playlist's target duration. */
const USUAL_GAP_MS = 2_000
const SHORTEST_GAP_MS = 1
/** How long a session may take from its beginning to its first sample. */
const BEGINNING_MS = 3_000
/** The renditions of an epoch end up to an audio frame apart; the first gap takes that up. */
const SLACK_MS = 100
/** Those that end farther apart have no common program time: the gap after them begins with a discontinuity. */
const APART_MS = 50

/**
 * The number with which the new epoch begins so that gaps reach it from the last segment that is left.
 * @param nowMs about when it begins
 */
export function sequenceFrom(
  left: Left,
  { epoch, firstSequence }: { epoch: number; firstSequence: number },
  nowMs: number,
): number {
  const { sequence, endMs } = lastOf(left)
  const forTime = Math.ceil((nowMs + BEGINNING_MS - endMs) / USUAL_GAP_MS)
  return Math.max(firstSequence, sequence + 1 + Math.max(forTime, marksMissing(left, epoch)))
}

/** Program time before which the new epoch must not begin. */
export function earliestMs(left: Left, sequence: number): number {
  const last = lastOf(left)
  return last.endMs + SLACK_MS + Math.max(0, sequence - last.sequence - 1) * SHORTEST_GAP_MS
}

/**
 * What a live playlist lists before the new epoch: all that is left, and a GAP for each number that was reserved and
 * lost (MEDIA.md 9), in the same places in all renditions, without a hole in program time.
 */
export function fillGaps(left: Left, beginning: Beginning): Map<string, SegmentEntry[]> {
  const firstMarked = beginning.sequence - marksMissing(left, beginning.epoch)
  const marked = (entry: SegmentEntry) =>
    entry.sequence >= firstMarked ? { ...entry, discontinuity: true } : entry
  const filled = [...filledUntil(left, beginning)]
  return new Map(filled.map(([id, entries]) => [id, entries.map(marked)]))
}

/**
 * One more gap for each rendition of a broadcast whose encoder is away (MEDIA.md 11), as long as segments usually are,
 * and those of the numbers before it that a rendition lacks.
 */
export function nextGaps(left: Left): Map<string, SegmentEntry[]> {
  const { sequence, endMs } = lastOf(left)
  const filled = filledUntil(left, { sequence: sequence + 2, programTimeMs: endMs + USUAL_GAP_MS })
  return new Map(
    left.renditions.map(({ id, entries }) => {
      const end = entries.at(-1)?.sequence ?? sequence
      return [id, (filled.get(id) ?? []).filter((entry) => entry.sequence > end)]
    }),
  )
}

/** All that is left, with a gap for each number that is missing up to and without `end`. */
function filledUntil(left: Left, end: Omit<Beginning, 'epoch'>): Map<string, SegmentEntry[]> {
  const starts = startsOf(left, end)
  const jumps = jumpsOf(left, starts)
  return new Map(left.renditions.map((rendition) => [rendition.id, fill(rendition, starts, jumps)]))
}

/** Each number's program time, from the first that is left up to and with the new epoch's first. */
function startsOf(
  left: Left,
  { sequence: end, programTimeMs }: Omit<Beginning, 'epoch'>,
): Map<number, number> {
  const starts = new Map([[end, programTimeMs]])
  const ends = new Map<number, number>()
  for (const { entries, timescale } of left.renditions) {
    for (const entry of entries) {
      const endMs = endMsOf(entry, timescale)
      const leadEndMs = ends.get(entry.sequence)
      if (!starts.has(entry.sequence)) starts.set(entry.sequence, entry.programTimeMs)
      if (leadEndMs === undefined || endMs - leadEndMs > APART_MS) ends.set(entry.sequence, endMs)
    }
  }
  const known = [...ends.keys()].sort((a, b) => a - b)
  for (const [i, from] of known.entries()) {
    const to = known[i + 1] ?? end
    const fromMs = ends.get(from) ?? 0
    const usualMs = fromMs - (starts.get(from) ?? 0)
    const offsets = split(to - from - 1, (starts.get(to) ?? 0) - fromMs, usualMs)
    for (const [k, offsetMs] of offsets.entries()) starts.set(from + 1 + k, Math.round(fromMs + offsetMs))
  }
  return starts
}

/**
 * Where each of `count` gaps begins. The first ones last as long as segments usually do: they may have been listed before
 * they were lost, and time must not go back. The others share what time is left.
 */
function split(count: number, totalMs: number, usualMs: number): number[] {
  const fits = count * usualMs > totalMs ? Math.floor((totalMs - count * SHORTEST_GAP_MS) / usualMs) : 0
  const usual = Math.max(0, Math.min(fits, count - 1))
  const restMs = (totalMs - usual * usualMs) / (count - usual)
  return Array.from({ length: count }, (_, k) =>
    k <= usual ? k * usualMs : usual * usualMs + (k - usual) * restMs,
  )
}

/** Numbers that no rendition has, and before which one ends long before another. */
function jumpsOf(left: Left, starts: ReadonlyMap<number, number>): Set<number> {
  const known = new Set(left.renditions.flatMap(({ entries }) => entries.map(({ sequence }) => sequence)))
  const jumps = new Set<number>()
  for (const { entries, timescale } of left.renditions) {
    for (const entry of entries) {
      const next = entry.sequence + 1
      const startMs = starts.get(next) ?? 0
      if (!known.has(next) && startMs - endMsOf(entry, timescale) > APART_MS) jumps.add(next)
    }
  }
  return jumps
}

function fill(
  { timescale, entries }: LeftRendition,
  starts: ReadonlyMap<number, number>,
  jumps: ReadonlySet<number>,
): SegmentEntry[] {
  const own = new Map(entries.map((entry) => [entry.sequence, entry]))
  const numbers = [...starts.keys()].sort((a, b) => a - b)
  const list: SegmentEntry[] = []
  for (const sequence of numbers.slice(0, -1)) {
    const there = own.get(sequence)
    if (there) {
      list.push(there)
      continue
    }
    const before = list.at(-1) ?? entries[0]
    const next = own.get(sequence + 1)?.programTimeMs ?? starts.get(sequence + 1) ?? 0
    const follows = list.length > 0 && before && !jumps.has(sequence)
    const programTimeMs = follows ? endMsOf(before, timescale) : (starts.get(sequence) ?? 0)
    list.push({
      epoch: before?.epoch ?? 0,
      sequence,
      dts: before ? before.dts + before.duration : 0,
      duration: Math.max(1, Math.round(((next - programTimeMs) * timescale) / 1000)),
      programTimeMs: Math.round(programTimeMs),
      sizeBytes: 0,
      independent: false,
      discontinuity: jumps.has(sequence),
      gap: true,
      ...(before?.header !== undefined && { header: before.header }),
    })
  }
  return list
}

/** Epochs of which nothing is left began with a mark, too: so many gaps carry one. */
function marksMissing({ renditions, discontinuitySequence }: Left, epoch: number): number {
  const [lead] = renditions
  const listed = lead?.entries.filter((entry) => entry.discontinuity).length ?? 0
  return Math.max(0, epoch - 2 - (discontinuitySequence + listed))
}

function lastOf({ renditions }: Left): { sequence: number; endMs: number } {
  let last = { sequence: -1, endMs: 0 }
  for (const { entries, timescale } of renditions) {
    const entry = entries.at(-1)
    if (!entry || entry.sequence < last.sequence) continue
    const endMs = Math.round(endMsOf(entry, timescale))
    last = {
      sequence: entry.sequence,
      endMs: Math.max(entry.sequence === last.sequence ? last.endMs : 0, endMs),
    }
  }
  return last
}

function endMsOf({ programTimeMs, duration }: SegmentEntry, timescale: number): number {
  return programTimeMs + (duration * 1000) / timescale
}
