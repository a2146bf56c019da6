import type { ByteRange } from '../ports/blobs/port.ts'

/** What a Range header asks for: one range, the last bytes, or nothing we serve (the whole is sent then). */
export type RangeRequest =
  | { type: 'range'; range: ByteRange }
  | { type: 'suffix'; lengthBytes: number }
  | null

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/i

/** Parses a Range header (RFC 9110, section 14.2). Several ranges or nonsense: null, which means the whole. */
export function parseRange(header: string | undefined): RangeRequest {
  const match = RANGE.exec(header?.replaceAll(' ', '') ?? '')
  if (!match) return null
  const [, first = '', last = ''] = match
  if (first === '') return last === '' ? null : { type: 'suffix', lengthBytes: Number(last) }
  const start = Number(first)
  if (last === '') return { type: 'range', range: { start } }
  const end = Number(last)
  return end < start ? null : { type: 'range', range: { start, end } }
}
