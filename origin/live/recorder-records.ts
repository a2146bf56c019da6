import { create } from '@bufbuild/protobuf'
import {
  type RenditionInfo,
  RenditionInfoSchema,
  type SegmentRecord,
  SegmentRecordSchema,
} from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { initName } from '@streamtube/contracts/media-paths.ts'
import type { PackagerEvent } from '../media/packager.ts'
import type { SegmentEntry } from '../media/types.ts'

type RenditionEvent = Extract<PackagerEvent, { type: 'rendition' }>

/** A rendition's description with its header, as the api and the spool have it. */
export function infoOf({ rendition, init, header }: RenditionEvent): RenditionInfo {
  return create(RenditionInfoSchema, { ...rendition, initSegment: init, header: BigInt(header ?? 0) })
}

/** The row of a segment whose bytes lie in blobs under `segmentKey`; of a gap, when it is one. */
export function recordOf(timelineId: string, renditionId: string, entry: SegmentEntry): SegmentRecord {
  if (entry.gap) return gapOf(create(SegmentRecordSchema, { ...entry, ...exact(entry), renditionId }))
  const locator = `${folderOf(timelineId, renditionId, entry.epoch)}/s${entry.sequence}.m4s`
  return create(SegmentRecordSchema, { ...entry, ...exact(entry), renditionId, locator })
}

/** The row of a segment that has no bytes: players skip it, and renditions stay aligned. */
export function gapOf(record: SegmentRecord): SegmentRecord {
  return { ...record, gap: true, sizeBytes: 0, independent: false, locator: '' }
}

/** Where blobs have a header. */
export function headerKey(timelineId: string, epoch: number, { id, header }: RenditionInfo): string {
  return `${folderOf(timelineId, id, epoch)}/${initName(Number(header))}`
}

function folderOf(timelineId: string, renditionId: string, epoch: number): string {
  return `timelines/${timelineId}/${renditionId}/${epoch}`
}

/** The 64-bit fields as the wire wants them. */
function exact(entry: SegmentEntry) {
  return {
    sequence: BigInt(entry.sequence),
    dts: BigInt(Math.round(entry.dts)),
    duration: Math.round(entry.duration),
    programTimeMs: BigInt(Math.round(entry.programTimeMs)),
    header: BigInt(entry.header ?? 0),
  }
}
