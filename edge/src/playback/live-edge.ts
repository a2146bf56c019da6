import type { PlaylistPlace } from './directives.ts'

/** How far a low-latency playlist has come (RFC 8216bis). */
export interface LiveEdge {
  partTargetMs: number
  /** Number of the newest finished segment, or the one before the first. */
  finished: number
  /** Parts of the finished segment that are listed; 0 when they are listed no more. */
  finishedParts: number
  /** Parts of the segment that is being written. */
  openParts: number
  ended: boolean
}

const PART_TARGET = /[:,]PART-TARGET=(\d{1,3}(?:\.\d{1,6})?)/
/** Segments that a request may be ahead of the newest finished one (RFC 8216bis, 6.2.5.2). */
const MAX_AHEAD = 2

/**
 * Reads how far a media playlist has come.
 * @returns null for what is no low-latency playlist
 */
export function readLiveEdge(playlist: string): LiveEdge | null {
  const edge: LiveEdge = { partTargetMs: 0, finished: -1, finishedParts: 0, openParts: 0, ended: false }
  let sequence: number | undefined
  for (let start = 0; start < playlist.length; ) {
    const found = playlist.indexOf('\n', start)
    const end = found < 0 ? playlist.length : found
    if (playlist.startsWith('#EXTINF:', start)) {
      edge.finished++
      edge.finishedParts = edge.openParts
      edge.openParts = 0
    } else if (playlist.startsWith('#EXT-X-PART:', start)) {
      edge.openParts++
    } else if (playlist.startsWith('#EXT-X-PART-INF:', start)) {
      edge.partTargetMs = Number(PART_TARGET.exec(playlist.slice(start, end))?.[1] ?? 0) * 1000
    } else if (playlist.startsWith('#EXT-X-MEDIA-SEQUENCE:', start)) {
      sequence = numberAfter(playlist, start, end)
      edge.finished += sequence
    } else if (playlist.startsWith('#EXT-X-SKIP:SKIPPED-SEGMENTS=', start)) {
      edge.finished += Number.parseInt(
        playlist.slice(start + '#EXT-X-SKIP:SKIPPED-SEGMENTS='.length, end),
        10,
      )
    } else if (playlist.startsWith('#EXT-X-ENDLIST', start)) {
      edge.ended = true
    }
    start = end + 1
  }
  const known = sequence !== undefined && Number.isSafeInteger(edge.finished)
  return known && edge.partTargetMs > 0 ? edge : null
}

function numberAfter(playlist: string, start: number, end: number): number {
  return Number.parseInt(playlist.slice(playlist.indexOf(':', start) + 1, end), 10)
}

/** Whether a playlist answers a blocking request: a part past its segment's end means the next segment's first. */
export function hasPlace(edge: LiveEdge, { msn, part }: PlaylistPlace): boolean {
  if (edge.ended) return true
  if (part === null) return edge.finished >= msn
  const newest = newestPart(edge)
  return newest.msn > msn || (newest.msn === msn && newest.part >= part)
}

/** Whether a request is further ahead than a player has reason to ask: 400 (RFC 8216bis, 6.2.5.2). */
export function isTooFar(edge: LiveEdge, { msn, part }: PlaylistPlace): boolean {
  if (msn > edge.finished + MAX_AHEAD) return true
  const limit = Math.ceil(3000 / edge.partTargetMs)
  if (msn === edge.finished + 2) return part !== null && part > limit
  return part !== null && msn === edge.finished + 1 && part > edge.openParts - 1 + limit
}

/**
 * What to wait for on the way to a place that a playlist has not: that place, where it may come next, else the next part.
 * Then few places of a rendition are waited for at a time, however many are asked for.
 */
export function nextPlace(edge: LiveEdge, wanted: PlaylistPlace): PlaylistPlace {
  const next = { msn: edge.finished + 1, part: edge.openParts }
  const mayBeNext = wanted.msn === next.msn && (wanted.part === null || wanted.part === next.part)
  return mayBeNext ? wanted : next
}

/** Whether one playlist is behind another of the same rendition. */
export function isBehind(edge: LiveEdge, other: LiveEdge): boolean {
  if (edge.ended !== other.ended) return other.ended
  if (edge.finished !== other.finished) return edge.finished < other.finished
  return edge.openParts < other.openParts
}

/** A segment whose parts are not listed, a gap among them, counts as one of a single part. */
function newestPart({ finished, finishedParts, openParts }: LiveEdge): { msn: number; part: number } {
  if (openParts > 0) return { msn: finished + 1, part: openParts - 1 }
  return { msn: finished, part: Math.max(finishedParts - 1, 0) }
}
