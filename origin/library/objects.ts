import type { ApiContext } from '../http/context.ts'
import { ApiError, notFound } from '../http/errors.ts'
import type { Blobs, ByteRange } from '../ports/blobs/port.ts'
import { PortError } from '../ports/error.ts'
import { parseRange } from './ranges.ts'

const IMMUTABLE = 'public, max-age=31536000, immutable'

/**
 * Serves an immutable object from blobs: HEAD, Range and If-None-Match as of RFC 9110.
 * @throws ApiError 404, 416
 */
export async function serveObject(c: ApiContext, blobs: Blobs, key: string): Promise<Response> {
  const etag = `"${key.slice(key.indexOf('/') + 1)}"`
  const headers = { etag, 'cache-control': IMMUTABLE, 'accept-ranges': 'bytes' }
  if (matches(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers)
  if (c.req.method === 'HEAD') {
    const head = await blobs.head(key)
    if (!head) throw notFound('object')
    return c.body(null, 200, {
      ...headers,
      'content-type': head.contentType,
      'content-length': String(head.sizeBytes),
    })
  }
  const range = await wantedRange(c, blobs, key)
  const object = await open(blobs, key, range, c.req.raw.signal)
  const bytes = object.range
  const partial = range !== undefined && bytes !== null
  return c.body(object.body, partial ? 206 : 200, {
    ...headers,
    'content-type': object.contentType,
    'content-length': String(bytes ? bytes.end - bytes.start + 1 : 0),
    ...(partial && { 'content-range': `bytes ${bytes.start}-${bytes.end}/${object.sizeBytes}` }),
  })
}

async function wantedRange(c: ApiContext, blobs: Blobs, key: string): Promise<ByteRange | undefined> {
  const asked = parseRange(c.req.header('range'))
  if (asked === null || c.req.header('if-range') !== undefined) return undefined
  if (asked.type === 'range') return asked.range
  const head = await blobs.head(key)
  if (!head) throw notFound('object')
  if (asked.lengthBytes === 0) throw unsatisfiable(head.sizeBytes)
  return { start: Math.max(0, head.sizeBytes - asked.lengthBytes) }
}

async function open(blobs: Blobs, key: string, range: ByteRange | undefined, signal: AbortSignal) {
  try {
    const object = await blobs.get(key, { signal, ...(range && { range }) })
    if (!object) throw notFound('object')
    return object
  } catch (error) {
    if (!(error instanceof PortError) || error.code !== 'invalid') throw error
    throw unsatisfiable((await blobs.head(key))?.sizeBytes ?? 0)
  }
}

function unsatisfiable(sizeBytes: number): ApiError {
  return new ApiError(
    'invalid-request',
    416,
    'The range is past the end',
    {},
    { 'content-range': `bytes */${sizeBytes}` },
  )
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*')
}
