/** What a player asks of a live media playlist (RFC 8216bis 6.2.5). */
export interface HlsDirectives {
  /** Wait for this media sequence number; null: answer at once. */
  msn: number | null
  part: number | null
  skip: boolean
}

/** Parses `_HLS_msn`, `_HLS_part` and `_HLS_skip`. Null for directives that are malformed (answer 400). */
export function parseHlsDirectives(query: URLSearchParams): HlsDirectives | null {
  throw new Error(`not yet ${query}`)
}
