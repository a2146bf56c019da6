import { API_PREFIX } from '@streamtube/contracts/api/playback.ts'
import { sessionCookieName } from '@streamtube/contracts/headers.ts'

const PAGES = [/^\/$/, /^\/watch\/\w{1,64}$/, /^\/@[\w-]{1,64}$/]
const API_READS = [/^\/videos\/\w{1,64}$/, /^\/channels\/[\w-]{1,64}$/]
const VIDEO_LIST = '/videos'
/** Of a list's parameters those with few values: with cursors anybody could fill the memory with pages nobody asks for. */
const LIST_PARAMETERS = /^(?:state|limit|channel)$/
const LIST_VALUE = /^[\w-]{1,64}$/

/**
 * The address under which a guest's request may be answered as everybody's: a page, or what pages ask the API again and
 * again. Undefined for whoever is signed in, came by another name of the site, or asks for something else.
 */
export function sharedAddress(request: Request, url: URL, publicUrl: string): string | undefined {
  const { method, headers } = request
  if ((method !== 'GET' && method !== 'HEAD') || headers.has('authorization')) return undefined
  if (url.host !== new URL(publicUrl).host) return undefined
  if (hasCookie(headers.get('cookie'), sessionCookieName(publicUrl))) return undefined
  const { pathname, search } = url
  if (!pathname.startsWith('/api/')) {
    const isPage = search === '' && PAGES.some((pattern) => pattern.test(pathname))
    return isPage && acceptsPages(headers.get('accept')) ? pathname : undefined
  }
  if (!pathname.startsWith(`${API_PREFIX}/`)) return undefined
  const path = pathname.slice(API_PREFIX.length)
  if (path === VIDEO_LIST) return sharedList(pathname, url.searchParams)
  return search === '' && API_READS.some((pattern) => pattern.test(path)) ? pathname : undefined
}

/** One spelling for each list. */
function sharedList(pathname: string, parameters: URLSearchParams): string | undefined {
  const pairs = [...parameters]
  const names = new Set(pairs.map(([name]) => name))
  if (names.size < pairs.length) return undefined
  if (!pairs.every(([name, value]) => LIST_PARAMETERS.test(name) && LIST_VALUE.test(value))) return undefined
  const query = pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}=${value}`)
  return query.length > 0 ? `${pathname}?${query.join('&')}` : pathname
}

function hasCookie(header: string | null, name: string): boolean {
  return (header ?? '').split(';').some((pair) => pair.trim().startsWith(`${name}=`))
}

function acceptsPages(accept: string | null): boolean {
  return accept === null || accept.includes('text/html') || accept.includes('*/*')
}
