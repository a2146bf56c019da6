/** Where a low-latency playlist ends (RFC 8216bis). */
export interface LivePosition {
  /** The part that will come next, as `_HLS_msn` and `_HLS_part` name it. */
  msn: number
  part: number
  /** The listed parts' addresses, as the playlist has them. */
  parts: string[]
}

const LINES =
  /^#EXT-X-MEDIA-SEQUENCE:(\d+)|^#EXT-X-SKIP:.*SKIPPED-SEGMENTS=(\d+)|^#(EXTINF):|^#EXT-X-PART:.*URI="([^"]+)"/gm

/** Reads the end of a playlist, whole or a delta update. */
export function livePosition(playlist: string): LivePosition {
  const position: LivePosition = { msn: 0, part: 0, parts: [] }
  for (const [, first, skipped, finished, part] of playlist.matchAll(LINES)) {
    if (first !== undefined) position.msn += Number(first)
    else if (skipped !== undefined) position.msn += Number(skipped)
    else if (finished !== undefined) {
      position.msn++
      position.part = 0
    } else if (part !== undefined) {
      position.part++
      position.parts.push(part)
    }
  }
  return position
}
