/** What a player asks of a live media playlist (RFC 8216bis 6.2.5). */
export interface HlsDirectives {
  /** Wait for this media sequence number; null: answer at once. */
  msn: number | null
  /** Wait for this part of it; null: for the whole segment. */
  part: number | null
  skip: boolean
}

const NUMBER = /^[0-9]{1,15}$/

/**
 * Parses `_HLS_msn`, `_HLS_part` and `_HLS_skip`. Null for directives that are malformed (answer 400): a value that is
 * no number, a part without its segment, an unknown way of skipping.
 */
export function parseHlsDirectives(query: URLSearchParams): HlsDirectives | null {
  const msn = readNumber(query.get('_HLS_msn'))
  const part = readNumber(query.get('_HLS_part'))
  const skip = query.get('_HLS_skip')
  if (msn === undefined || part === undefined) return null
  if (part !== null && msn === null) return null
  if (skip !== null && skip !== 'YES' && skip !== 'v2') return null
  return { msn, part, skip: skip !== null }
}

/** Null where there is none, undefined where there is something else. */
function readNumber(text: string | null): number | null | undefined {
  if (text === null) return null
  return NUMBER.test(text) ? Number(text) : undefined
}
