import { crc32 } from 'node:zlib'
import { z } from 'zod'

/** One effect on the store, as its log keeps it. Replaying effects twice gives the same store. */
export type KvRecord =
  | { type: 'set'; key: string; value: string; expiresAtMs: number | null }
  | { type: 'delete'; key: string }

const lineSchema = z.union([
  z.tuple([z.literal('s'), z.string(), z.string(), z.number().nullable()]),
  z.tuple([z.literal('d'), z.string()]),
])

const CRC_CHARS = 8
const NEW_LINE = 0x0a

/** A record as one line: CRC-32 in hex, a space, JSON, a line end. */
export function encodeRecord(record: KvRecord): string {
  const fields =
    record.type === 'set' ? ['s', record.key, record.value, record.expiresAtMs] : ['d', record.key]
  const json = JSON.stringify(fields)
  return `${checksum(json)} ${json}\n`
}

/** Reads one line without its end; null for anything that `encodeRecord` didn't write whole. */
export function decodeRecord(line: string): KvRecord | null {
  const json = line.slice(CRC_CHARS + 1)
  if (line[CRC_CHARS] !== ' ' || line.slice(0, CRC_CHARS) !== checksum(json)) return null
  const fields = lineSchema.safeParse(parseJson(json))
  if (!fields.success) return null
  if (fields.data[0] === 'd') return { type: 'delete', key: fields.data[1] }
  const [, key, value, expiresAtMs] = fields.data
  return { type: 'set', key, value, expiresAtMs }
}

/**
 * Reads a log up to its first damaged record (a torn tail, most likely).
 * @returns how many bytes are good; what follows them is to be cut off
 */
export function decodeLog(bytes: Buffer, onRecord: (record: KvRecord) => void): number {
  let goodBytes = 0
  while (goodBytes < bytes.length) {
    const end = bytes.indexOf(NEW_LINE, goodBytes)
    if (end < 0) break
    const record = decodeRecord(bytes.toString('utf8', goodBytes, end))
    if (!record) break
    onRecord(record)
    goodBytes = end + 1
  }
  return goodBytes
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CRC_CHARS, '0')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
