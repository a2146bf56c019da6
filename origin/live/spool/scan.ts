import { fromBinary } from '@bufbuild/protobuf'
import {
  type RenditionInfo,
  RenditionInfoSchema,
  type SegmentRecord,
  SegmentRecordSchema,
} from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { readAll } from './file.ts'
import { FRAME_HEAD_BYTES, type FrameHead, holds, readHead } from './frame.ts'
import type { SpoolHandle } from './fs.ts'
import type { SpoolAddress } from './names.ts'

export type FoundRecord =
  | { type: 'header'; info: RenditionInfo }
  /** Its media lie at `at`; that they are whole is found out when they are read. */
  | { type: 'segment'; record: SegmentRecord; at: number; sizeBytes: number; crc: number }

export interface Scan {
  records: FoundRecord[]
  /** What could not be read: a record that is skipped, or the end of what counts. */
  damage: { atBytes: number; what: 'torn' | 'no-record' | 'not-of-this-file' }[]
}

/** Read at once: a fixed part with its description is shorter, as a rule. */
const PEEK_BYTES = 4096

/**
 * Lists the records of a spool file, from its bytes on the disk, whatever they are. Media are skipped, so that a long
 * file is read fast.
 * @throws the system's error
 */
export async function scanSpoolFile(
  handle: SpoolHandle,
  sizeBytes: number,
  address: SpoolAddress,
): Promise<Scan> {
  const scan: Scan = { records: [], damage: [] }
  const peek = Buffer.alloc(PEEK_BYTES)
  for (let atBytes = 0; atBytes < sizeBytes; ) {
    const left = sizeBytes - atBytes
    const start = peek.subarray(0, Math.min(PEEK_BYTES, left))
    if (!(await readAll(handle, start, atBytes)) || left < FRAME_HEAD_BYTES) {
      scan.damage.push({ atBytes, what: 'torn' })
      break
    }
    const head = readHead(start)
    if (!head) {
      scan.damage.push({ atBytes, what: 'no-record' })
      break
    }
    const endBytes = FRAME_HEAD_BYTES + head.metaBytes + head.bodyBytes
    const meta = endBytes <= left ? await readMeta(handle, start, atBytes, head) : null
    if (!meta || !holds(start, meta)) {
      scan.damage.push({ atBytes, what: meta ? 'no-record' : 'torn' })
      break
    }
    const found = parse(head, meta, atBytes + FRAME_HEAD_BYTES + head.metaBytes, address)
    if (found) scan.records.push(found)
    else scan.damage.push({ atBytes, what: 'not-of-this-file' })
    atBytes += endBytes
  }
  return scan
}

async function readMeta(
  handle: SpoolHandle,
  start: Buffer,
  atBytes: number,
  { metaBytes }: FrameHead,
): Promise<Buffer | null> {
  const end = FRAME_HEAD_BYTES + metaBytes
  // A copy: what is parsed of it may point into it.
  if (end <= start.byteLength) return Buffer.from(start.subarray(FRAME_HEAD_BYTES, end))
  const meta = Buffer.alloc(metaBytes)
  return (await readAll(handle, meta, atBytes + FRAME_HEAD_BYTES)) ? meta : null
}

/** Null for what a spool would not have written there. */
function parse(head: FrameHead, meta: Buffer, at: number, address: SpoolAddress): FoundRecord | null {
  try {
    if (head.type === 'header') {
      const info = fromBinary(RenditionInfoSchema, meta)
      return info.id === address.renditionId && head.bodyBytes === 0 ? { type: 'header', info } : null
    }
    const record = fromBinary(SegmentRecordSchema, meta)
    return isOf(record, head, address)
      ? { type: 'segment', record, at, sizeBytes: head.bodyBytes, crc: head.bodyCrc }
      : null
  } catch {
    // The message's own decoder refuses it: the CRC held by chance, or another version wrote it.
    return null
  }
}

/** A gap may be of an earlier epoch: who goes on with a broadcast says what was lost. */
function isOf(
  { renditionId, epoch, sequence, gap, sizeBytes }: SegmentRecord,
  { bodyBytes }: FrameHead,
  address: SpoolAddress,
): boolean {
  if (renditionId !== address.renditionId || sequence > Number.MAX_SAFE_INTEGER) return false
  if (gap) return epoch <= address.epoch && bodyBytes === 0
  return epoch === address.epoch && bodyBytes === sizeBytes
}
