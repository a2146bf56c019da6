import type { ListedSegment, MediaPlaylist } from './media-playlist.ts'

/** A part's place in a rendition; a segment without listed parts counts as one part. */
export interface Position {
  sequence: number
  part: number
}

/** The last part of a playlist; the one before the first where it is empty. */
export function endOf({ segments, firstSequence, skipped }: MediaPlaylist): Position {
  const last = segments.at(-1)
  if (!last) return { sequence: firstSequence + skipped - 1, part: 0 }
  return { sequence: last.sequence, part: Math.max(0, last.parts.length - 1) }
}

/** Negative where `a` comes before `b`. */
export function compare(a: Position, b: Position): number {
  return a.sequence - b.sequence || a.part - b.part
}

export function nameOf({ sequence, part }: Position): string {
  return `segment ${sequence}, part ${part}`
}

/** What a segment lasts; the open one as far as it has come. */
export function lengthOf({ seconds, parts }: ListedSegment): number {
  return seconds ?? parts.reduce((sum, part) => sum + part.seconds, 0)
}

/** Seconds from each segment's end to the playlist's end. */
export function distancesToEnd(segments: readonly ListedSegment[]): number[] {
  const distances: number[] = []
  let distance = 0
  for (const segment of segments.toReversed()) {
    distances.push(distance)
    distance += lengthOf(segment)
  }
  return distances.reverse()
}
