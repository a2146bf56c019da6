import type { AuthorizePublisherResponse } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { LadderMode } from '../media/ladder.ts'
import type { PartTargetMs } from '../media/types.ts'

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
  }
}
