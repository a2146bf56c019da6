import type { ApiContext } from './context.ts'

/**
 * For answers that many ask for again and again and that are the same for all: edges may share one among guests for a
 * second, and answer it for a minute while the api role is away.
 */
export function shareAmongGuests(c: ApiContext): void {
  const shared = 'public, max-age=0, s-maxage=1, stale-if-error=60'
  c.header('cache-control', c.get('viewer') ? 'private, no-cache' : shared)
}
