import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import {
  type RenditionInfo,
  RenditionInfoSchema,
  type SegmentRecord,
  SegmentRecordSchema,
} from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'

/** A folder that isn't there yet, in one of its own. */
export function newSpoolFolder(): string {
  return join(mkdtempSync(join(tmpdir(), 'streamtube-spool-')), 'spool')
}

export function infoOf(id: string, more: { frameRate?: number } = {}): RenditionInfo {
  const initSegment = new TextEncoder().encode(`the header of ${id}`)
  return create(RenditionInfoSchema, {
    id,
    kind: 'video',
    codecs: 'avc1.64001f',
    timescale: 90_000,
    initSegment,
    ...more,
  })
}

export function recordOf(renditionId: string, sequence: number, sizeBytes: number, epoch = 1): SegmentRecord {
  return create(SegmentRecordSchema, { renditionId, epoch, sequence: BigInt(sequence), sizeBytes })
}

/** Media that tell a segment from all others, in two chunks. */
export function mediaOf(renditionId: string, sequence: number, sizeBytes: number): Uint8Array[] {
  const bytes = Buffer.alloc(sizeBytes, `${renditionId} ${sequence} `)
  return [bytes.subarray(0, sizeBytes >> 1), bytes.subarray(sizeBytes >> 1)]
}
