/** For how long an answer may be shared, counted from when it came, in milliseconds. */
export interface Keeping {
  freshMs: number
  /** Then so long while a newer one is fetched (RFC 5861, 3). */
  revalidateMs: number
  /** And so long while none can be had (RFC 5861, 4). */
  errorMs: number
}

/** What an answer of the servers behind may depend on: nobody's questions are all alike in these. */
const ALIKE = new Set(['accept', 'accept-encoding', 'origin'])

/**
 * How long a shared cache may keep an answer (RFC 9111, 5.2.2). Undefined for all that does not say `public` and a
 * time, sets a cookie, or depends on who asks.
 */
export function keepingOf(headers: Headers): Keeping | undefined {
  const directives = directivesOf(headers.get('cache-control') ?? '')
  if (!directives.has('public') || directives.has('private') || directives.has('no-store')) return undefined
  const freshMs = milliseconds(directives.get('s-maxage'))
  if (freshMs === undefined || headers.has('set-cookie') || !isAlikeForAll(headers.get('vary')))
    return undefined
  return {
    freshMs,
    revalidateMs: milliseconds(directives.get('stale-while-revalidate')) ?? 0,
    errorMs: milliseconds(directives.get('stale-if-error')) ?? 0,
  }
}

function directivesOf(header: string): Map<string, string> {
  return new Map(
    header.split(',').map((directive) => {
      const [name = '', value = ''] = directive.trim().toLowerCase().split('=', 2)
      return [name, value]
    }),
  )
}

function milliseconds(seconds: string | undefined): number | undefined {
  return seconds !== undefined && /^\d{1,7}$/.test(seconds) ? Number(seconds) * 1000 : undefined
}

function isAlikeForAll(vary: string | null): boolean {
  return (vary ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .every((name) => name === '' || ALIKE.has(name))
}
