const NUMBER = /^\d{1,15}$/

/**
 * The delivery directives of a playlist request (RFC 8216bis, 6.2.5) in one spelling, so that viewers who wait for the
 * same part wait on one request (MEDIA.md 21). Other parameters are dropped.
 * @param query what follows `?`
 * @returns `''` or `?_HLS_msn=..&_HLS_part=..&_HLS_skip=..`; null when a directive is not well formed
 */
export function canonicalDirectives(query: string): string | null {
  if (query === '') return ''
  const asked = new URLSearchParams(query)
  const msn = asked.get('_HLS_msn')
  const part = asked.get('_HLS_part')
  const skip = asked.get('_HLS_skip')
  if (msn !== null && !NUMBER.test(msn)) return null
  if (part !== null && (msn === null || !NUMBER.test(part))) return null
  if (skip !== null && skip !== 'YES' && skip !== 'v2') return null
  const directives = [
    ...(msn === null ? [] : [`_HLS_msn=${Number(msn)}`]),
    ...(part === null ? [] : [`_HLS_part=${Number(part)}`]),
    ...(skip === null ? [] : [`_HLS_skip=${skip}`]),
  ]
  return directives.length === 0 ? '' : `?${directives.join('&')}`
}
