import type { AuthorizePublisherResponse } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { SegmentRecord, TimelineTail } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import type { LadderMode } from '../media/ladder.ts'
import type { PartTargetMs, SegmentEntry } from '../media/types.ts'
import type { Left } from './resume.ts'

/** What a publisher was granted: a broadcast, a fenced epoch of it, and how to package it. */
export interface Grant {
  /** Also the id of its timeline. */
  broadcastId: string
  channelId: string
  epoch: number
  /** The block of media sequence numbers reserved for this epoch. */
  firstSequence: number
  sequenceCount: number
  ladder: LadderMode
  partTargetMs: PartTargetMs
  archive: boolean
  /** How long the broadcast waits for an encoder that went without a goodbye; 0: it ends with it. */
  reconnectWindowMs: number
  /** What earlier epochs left in the live window; null for the first, and where nothing is kept. */
  left: Left | null
}

/** Reads the api's answer; what it leaves open gets the careful choice. */
export function readGrant(response: AuthorizePublisherResponse): Grant {
  const { settings } = response
  return {
    broadcastId: response.broadcastId,
    channelId: response.channelId,
    epoch: response.epoch,
    firstSequence: Number(response.firstSequence),
    sequenceCount: response.sequenceCount,
    ladder: settings?.ladder === 'on' || settings?.ladder === 'auto' ? settings.ladder : 'off',
    partTargetMs: settings?.partTargetMs === 210 ? 210 : 510,
    archive: settings?.archive ?? true,
    reconnectWindowMs: (settings?.reconnectWindowSeconds ?? 0) * 1000,
    left: response.tail ? readTail(response.tail) : null,
  }
}

function readTail({ renditions, segments, discontinuitySequence }: TimelineTail): Left {
  return {
    renditions: renditions.map(({ id, timescale }) => ({
      id,
      timescale,
      entries: segments.filter(({ renditionId }) => renditionId === id).map(entryOf),
    })),
    discontinuitySequence,
  }
}

function entryOf(record: SegmentRecord): SegmentEntry {
  const { epoch, duration, sizeBytes, independent, discontinuity, gap, header } = record
  return {
    epoch,
    sequence: Number(record.sequence),
    dts: Number(record.dts),
    duration,
    programTimeMs: Number(record.programTimeMs),
    sizeBytes,
    independent,
    discontinuity,
    gap,
    ...(header > 0n && { header: Number(header) }),
  }
}
