import type { HeaderPairs, ObjectCache, Recipe } from '../cache/object-cache.ts'
import { answerObject } from '../http/answer-object.ts'

/** The site's hashed files: a name never has a second content. */
const PREFIX = '/_app/immutable/'
const PLAIN_PATH = /^[A-Za-z0-9/._-]{1,256}$/

const KEPT_HEADERS = ['content-type', 'cache-control', 'etag', 'content-security-policy', 'link'] as const

/** True for a path that this cache answers for. */
export function isHashedAsset(path: string): boolean {
  return path.startsWith(PREFIX) && PLAIN_PATH.test(path)
}

/**
 * Answers a hashed file from memory, or fetches it once for all who ask.
 * @param fetchAsset asks the server of the pages, in nobody's name
 * @returns undefined when the server has no such file, or one that may not be kept: forward the request as it is
 */
export async function answerAsset(
  request: Request,
  path: string,
  cache: ObjectCache,
  fetchAsset: (path: string, signal: AbortSignal) => Promise<Response>,
): Promise<Response | undefined> {
  const kept = cache.get(path)
  if (kept) return answerObject(request, kept)
  const recipe: Recipe = {
    load: (signal) => fetchAsset(path, signal),
    describe: (response) => ({ headers: keptHeaders(response), keepMs: keepMs(response) }),
  }
  const loaded = await cache.load(path, recipe)
  return loaded.type === 'object' ? answerObject(request, loaded.object) : undefined
}

function keptHeaders(response: Response): HeaderPairs {
  return KEPT_HEADERS.flatMap((name) => {
    const value = response.headers.get(name)
    return value === null ? [] : [[name, value] satisfies [string, string]]
  })
}

function keepMs(response: Response): number {
  return /\bimmutable\b/.test(response.headers.get('cache-control') ?? '') ? Number.POSITIVE_INFINITY : 0
}
