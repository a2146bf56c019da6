import { crc32 } from 'node:zlib'

/** What a record of a spool file holds: a rendition's description with its header, or a finished segment. */
export type FrameType = 'header' | 'segment'

/** The fixed part that a record begins with; then its description (a protobuf message), then its media. */
export interface FrameHead {
  type: FrameType
  metaBytes: number
  bodyBytes: number
  bodyCrc: number
}

/** Bytes of the fixed part: magic, version, type, two lengths, the media's CRC and the CRC of all before the media. */
export const FRAME_HEAD_BYTES = 24
export const MAX_META_BYTES = 1024 * 1024
export const MAX_BODY_BYTES = 256 * 1024 * 1024

const MAGIC = 0x53545350
const VERSION = 1
const CRC_AT = 20
const types: readonly FrameType[] = ['header', 'segment']

/** A record that is ready to be written. */
export interface Frame {
  /** To be written one behind the other; the media's are those that came in. */
  buffers: Uint8Array[]
  /** Where the media begin. */
  bodyAt: number
  bodyCrc: number
}

/** @throws RangeError beyond the limits */
export function frame(type: FrameType, meta: Uint8Array, body: readonly Uint8Array[]): Frame {
  const bodyBytes = body.reduce((sum, chunk) => sum + chunk.byteLength, 0)
  if (meta.byteLength > MAX_META_BYTES) throw new RangeError(`a description of ${meta.byteLength} bytes`)
  if (bodyBytes > MAX_BODY_BYTES) throw new RangeError(`a segment of ${bodyBytes} bytes`)
  const bodyCrc = body.reduce((crc, chunk) => crc32(chunk, crc), 0)
  const head = Buffer.allocUnsafe(FRAME_HEAD_BYTES)
  head.writeUInt32BE(MAGIC, 0)
  head.writeUInt16BE(VERSION, 4)
  head.writeUInt16BE(types.indexOf(type), 6)
  head.writeUInt32BE(meta.byteLength, 8)
  head.writeUInt32BE(bodyBytes, 12)
  head.writeUInt32BE(bodyCrc, 16)
  head.writeUInt32BE(crc32(meta, crc32(head.subarray(0, CRC_AT))), CRC_AT)
  return { buffers: [head, meta, ...body], bodyAt: FRAME_HEAD_BYTES + meta.byteLength, bodyCrc }
}

/** Reads the fixed part; null where none is. Its lengths count only once `holds` says so. */
export function readHead(bytes: Buffer): FrameHead | null {
  if (bytes.byteLength < FRAME_HEAD_BYTES) return null
  if (bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt16BE(4) !== VERSION) return null
  const type = types[bytes.readUInt16BE(6)]
  const head = { metaBytes: bytes.readUInt32BE(8), bodyBytes: bytes.readUInt32BE(12) }
  if (!type || head.metaBytes > MAX_META_BYTES || head.bodyBytes > MAX_BODY_BYTES) return null
  return { type, ...head, bodyCrc: bytes.readUInt32BE(16) }
}

/** Whether a fixed part and the description behind it are what was written. */
export function holds(head: Buffer, meta: Buffer): boolean {
  return head.readUInt32BE(CRC_AT) === crc32(meta, crc32(head.subarray(0, CRC_AT)))
}
