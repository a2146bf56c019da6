import { parseMediaPath } from '@streamtube/contracts/media-paths.ts'

/** What Cloudflare's cache does with a fetch of a Worker (its `cf` option). */
export interface CloudflareCaching {
  cacheEverything: true
  /** Seconds by status; -1: not kept. In the place of what the origin says. */
  cacheTtlByStatus?: Record<string, number>
}

/** What an answer that was waited for has, it has for good: others who come for it meanwhile may have it too. */
const WAITED_FOR_SECONDS = 1

/**
 * Lets Cloudflare's cache do between requests what a Worker's memory may not: share a fetch that is under way (MEDIA.md
 * 22). Its key is the address asked of the origin, which has no token.
 * @param url asked of an origin
 * @returns undefined for what is nobody's business but the one who asks
 */
export function cloudflareCaching(url: string): CloudflareCaching | undefined {
  const { pathname, searchParams } = new URL(url)
  if (!pathname.startsWith('/media/')) return undefined
  switch (parseMediaPath(pathname.slice('/media/'.length))?.type) {
    case 'init':
    case 'segment':
    case 'part':
      return { cacheEverything: true }
    case 'playlist':
      if (!searchParams.has('_HLS_msn')) return undefined
      return { cacheEverything: true, cacheTtlByStatus: { '200': WAITED_FOR_SECONDS, '201-599': -1 } }
    default:
      return undefined
  }
}
