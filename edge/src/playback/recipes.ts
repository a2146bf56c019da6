import { STALE_HEADER } from '@streamtube/contracts/headers.ts'
import type { HeaderPairs, Recipe } from '../cache/object-cache.ts'
import type { Cell, Metric } from '../metrics.ts'
import type { MediaOrigin, MediaRequest } from './media-origin.ts'

/** Media may be played from any site; what a player needs to read of the headers is named. */
export const MEDIA_HEADERS: HeaderPairs = [
  ['access-control-allow-origin', '*'],
  ['access-control-expose-headers', `content-length,content-range,date,etag,x-request-id,${STALE_HEADER}`],
  ['cross-origin-resource-policy', 'cross-origin'],
  ['x-content-type-options', 'nosniff'],
]

const IMMUTABLE = 'public, max-age=31536000, immutable'
const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
const MAX_PLAYLIST_AGE_MS = 3_600_000

/** How each kind of media is fetched and kept. */
export class MediaRecipes {
  readonly #origin: Pick<MediaOrigin, 'fetch'>
  readonly #readers: Metric<Cell>

  /** @param readers those answered, by kind of media */
  constructor(origin: Pick<MediaOrigin, 'fetch'>, readers: Metric<Cell>) {
    this.#origin = origin
    this.#readers = readers
  }

  /** A header, segment or part: its address never has a second content (MEDIA.md 9). */
  object(request: MediaRequest): Recipe {
    return {
      ...this.#common(request),
      describe: (response) => ({ headers: objectHeaders(response), keepMs: Number.POSITIVE_INFINITY }),
    }
  }

  /** A playlist: kept for as long as its origin lets a shared cache keep it. */
  playlist(request: MediaRequest): Recipe {
    return { ...this.#common(request), describe: describePlaylist }
  }

  #common(request: MediaRequest): Pick<Recipe, 'load' | 'placement' | 'readers' | 'onlyWhole'> {
    return {
      load: (signal) => this.#origin.fetch(request, signal),
      // Parts are wanted by all viewers in the second in which they come.
      placement: { group: request.timelineId, brief: request.type === 'part' },
      readers: this.#readers.labels(request.type),
      onlyWhole: request.type === 'part',
    }
  }
}

/**
 * Headers for an object, kept or passed through. Only what a player needs: on Deno each header costs a microsecond, a
 * tenth of the whole answer, and objects are nearly all that is asked for.
 */
export function objectHeaders(response: Response): HeaderPairs {
  const etag = response.headers.get('etag')
  return [
    ['access-control-allow-origin', '*'],
    ['content-type', response.headers.get('content-type') ?? 'video/mp4'],
    ['cache-control', IMMUTABLE],
    ...(etag === null ? [] : ([['etag', etag]] satisfies HeaderPairs)),
  ]
}

function describePlaylist(response: Response): { headers: HeaderPairs; keepMs: number } {
  const cacheControl = response.headers.get('cache-control') ?? 'no-cache'
  const etag = response.headers.get('etag')
  return {
    headers: [
      ...MEDIA_HEADERS,
      ['content-type', response.headers.get('content-type') ?? PLAYLIST_TYPE],
      ['cache-control', cacheControl],
      ...(etag === null ? [] : ([['etag', etag]] satisfies HeaderPairs)),
    ],
    keepMs: sharedMaxAgeMs(cacheControl),
  }
}

/** How long a shared cache may keep an answer (RFC 9111, 5.2.2), an hour at most. */
export function sharedMaxAgeMs(cacheControl: string): number {
  const directives = cacheControl.toLowerCase()
  if (/\b(?:no-store|no-cache|private)\b/.test(directives)) return 0
  const seconds = /\bs-maxage=(\d{1,9})/.exec(directives) ?? /\bmax-age=(\d{1,9})/.exec(directives)
  return seconds ? Math.min(Number(seconds[1]) * 1000, MAX_PLAYLIST_AGE_MS) : 0
}
