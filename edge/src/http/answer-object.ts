import type { HeaderPairs, StoredObject } from '../cache/object-cache.ts'
import type { SharedBody } from '../cache/shared-body.ts'
import { parseRange } from './range.ts'

/**
 * Up to this size an answer is handed over at once, of which the runtime makes a copy for each reader; of a larger one a
 * slow reader holds a chunk.
 */
const AT_ONCE_BYTES = 256 * 1024

/** Said with a range and with HEAD; a page of another site may read which range it got. */
const RANGE_HEADERS: HeaderPairs = [
  ['accept-ranges', 'bytes'],
  ['access-control-expose-headers', 'content-length,content-range,etag'],
]

/** Answers GET and HEAD from a kept object: whole, a range (RFC 9110, 14) or 304. */
export function answerObject(request: Request, object: StoredObject): Response {
  const { body, headers, etag } = object
  if (object.onlyWhole && fitsAtOnce(body) && !withoutBody(request)) {
    // Reading the request's headers would cost as much on Deno as all else that is done here.
    return new Response(body.bytes, { headers })
  }
  const asked = request.headers
  if (etag !== undefined && matches(asked.get('if-none-match'), etag)) {
    return new Response(null, { status: 304, headers })
  }
  const rangeHeader = asked.get('range')
  if (rangeHeader !== null && rangeIsFor(asked.get('if-range'), etag)) {
    const range = parseRange(rangeHeader, body.sizeBytes)
    if (range === 'unsatisfiable') {
      return new Response(null, {
        status: 416,
        headers: [...headers, ...RANGE_HEADERS, ['content-range', `bytes */${body.sizeBytes}`]],
      })
    }
    if (range) {
      const { start, end } = range
      const partial: HeaderPairs = [
        ...headers,
        ...RANGE_HEADERS,
        ['content-range', `bytes ${start}-${end}/${body.sizeBytes}`],
        ['content-length', String(end - start + 1)],
      ]
      return new Response(withoutBody(request) ? null : bodyOf(body, start, end), {
        status: 206,
        headers: partial,
      })
    }
  }
  const isHead = withoutBody(request)
  if (!isHead && fitsAtOnce(body)) {
    return new Response(body.bytes, { headers })
  }
  const sized: HeaderPairs = [
    ...headers,
    ...(isHead ? RANGE_HEADERS : []),
    ['content-length', String(body.sizeBytes)],
  ]
  return new Response(isHead ? null : body.stream(0, body.sizeBytes - 1), { headers: sized })
}

function fitsAtOnce(body: SharedBody): boolean {
  return body.bytes !== undefined && body.sizeBytes <= AT_ONCE_BYTES
}

function bodyOf(body: SharedBody, start: number, end: number): BodyInit {
  const isSmall = end - start < AT_ONCE_BYTES
  return (isSmall ? body.bytes?.subarray(start, end + 1) : undefined) ?? body.stream(start, end)
}

function withoutBody(request: Request): boolean {
  return request.method === 'HEAD'
}

/** RFC 9110, 13.1.2: weak comparison, `*` matches anything. */
function matches(header: string | null, etag: string): boolean {
  if (header === null) return false
  const strong = etag.replace(/^W\//, '')
  return header.split(',').some((candidate) => {
    const value = candidate.trim()
    return value === '*' || value.replace(/^W\//, '') === strong
  })
}

/** RFC 9110, 13.1.5: a range is honoured only for the representation it was begun with, by a strong tag. */
function rangeIsFor(ifRange: string | null, etag: string | undefined): boolean {
  return ifRange === null || (ifRange === etag && !ifRange.startsWith('W/'))
}
