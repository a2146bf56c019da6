/** A place in a live playlist: a part of a segment, or, with a null part, the whole segment. */
export interface PlaylistPlace {
  msn: number
  part: number | null
}

/** The delivery directives of a playlist request (RFC 8216bis, 6.2.5). */
export interface Directives {
  /** What the answer has to have; null: whatever there is now. */
  wanted: PlaylistPlace | null
  /** How much the reader knows already; null: nothing. */
  skip: 'YES' | 'v2' | null
}

const NUMBER = /^\d{1,15}$/

/**
 * Reads the directives out of a query. Other parameters are dropped.
 * @param query what follows `?`
 * @returns null when a directive is not well formed
 */
export function parseDirectives(query: string): Directives | null {
  if (query === '') return { wanted: null, skip: null }
  const asked = new URLSearchParams(query)
  const msn = asked.get('_HLS_msn')
  const part = asked.get('_HLS_part')
  const skip = asked.get('_HLS_skip')
  if (msn !== null && !NUMBER.test(msn)) return null
  if (part !== null && (msn === null || !NUMBER.test(part))) return null
  if (skip !== null && skip !== 'YES' && skip !== 'v2') return null
  const wanted = msn === null ? null : { msn: Number(msn), part: part === null ? null : Number(part) }
  return { wanted, skip }
}

/**
 * The directives in one spelling, so that viewers who wait for the same part wait on one request (MEDIA.md 21).
 * @returns `''` or `?_HLS_msn=..&_HLS_part=..&_HLS_skip=..`
 */
export function directivesQuery({ wanted, skip }: Directives): string {
  const pairs = [
    ...(wanted === null ? [] : [`_HLS_msn=${wanted.msn}`]),
    ...(wanted?.part == null ? [] : [`_HLS_part=${wanted.part}`]),
    ...(skip === null ? [] : [`_HLS_skip=${skip}`]),
  ]
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}
