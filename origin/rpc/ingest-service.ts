import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { StreamHealth } from '@streamtube/contracts/api/resources.ts'
import {
  type IngestService,
  type StreamHealth as StreamHealthMessage,
  type StreamReport,
  StreamState,
} from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import {
  appendBroadcast,
  authorisePublisher,
  type LibraryDeps,
  reportStream,
  reserveSequences,
} from '../library/index.ts'
import { batchOf, tailMessage } from './timeline-messages.ts'

const SHA256 = /^[0-9a-f]{64}$/

/** What ingest nodes ask. */
export function ingestService(deps: LibraryDeps): ServiceImpl<typeof IngestService> {
  return {
    async authorizePublisher({ streamKeySha256, remoteAddress, nodeUrl, nodeRun }) {
      if (!SHA256.test(streamKeySha256)) {
        throw new ConnectError('stream_key_sha256 must be 64 hex digits', Code.InvalidArgument)
      }
      if (!URL.canParse(nodeUrl)) throw new ConnectError('node_url must be a URL', Code.InvalidArgument)
      const { broadcast, firstSequence, sequenceCount, isRecorded, tail } = await authorisePublisher(deps, {
        keyHash: streamKeySha256,
        remoteAddress,
        nodeUrl,
        nodeRun,
      })
      const { ladder, partTargetMs, reconnectWindowSeconds } = broadcast
      return {
        broadcastId: broadcast.id,
        channelId: broadcast.channelId,
        epoch: broadcast.epoch,
        firstSequence: BigInt(firstSequence),
        sequenceCount,
        settings: { ladder, partTargetMs, archive: isRecorded, reconnectWindowSeconds },
        ...(tail && { tail: tailMessage(tail) }),
      }
    },

    async reportStreams({ reports }) {
      return { verdicts: await Promise.all(reports.map((report) => judge(deps, report))) }
    },

    async appendIndex(request) {
      await appendBroadcast(deps, batchOf(request))
      return {}
    },

    async reserveSequences({ timelineId, epoch, count }) {
      const block = await reserveSequences(deps, { broadcastId: timelineId, epoch, count })
      return { firstSequence: BigInt(block.firstSequence), count: block.count }
    },
  }
}

async function judge(deps: LibraryDeps, { broadcastId, epoch, state, silentMs, health }: StreamReport) {
  const answer = await reportStream(deps, {
    broadcastId,
    epoch,
    state: stateOf(state),
    silentMs,
    health: health ? healthOf(health) : null,
  })
  return answer.end ? { end: true, reason: answer.reason } : { end: false, reason: '' }
}

function stateOf(state: StreamState): 'offered' | 'live' | 'interrupted' | 'ended' {
  switch (state) {
    case StreamState.OFFERED:
      return 'offered'
    case StreamState.LIVE:
      return 'live'
    case StreamState.INTERRUPTED:
      return 'interrupted'
    case StreamState.ENDED:
      return 'ended'
    default:
      throw new ConnectError('state must be offered, live, interrupted or ended', Code.InvalidArgument)
  }
}

function healthOf(message: StreamHealthMessage): StreamHealth {
  return {
    videoBitrateBps: Number(message.videoBitrateBps),
    audioBitrateBps: Number(message.audioBitrateBps),
    frameRate: message.frameRate,
    keyFrameIntervalMs: message.keyFrameIntervalMs > 0 ? message.keyFrameIntervalMs : null,
    width: message.width,
    height: message.height,
    videoCodec: message.videoCodec,
    audioCodec: message.audioCodec,
    uptimeMs: Number(message.uptimeMs),
    warnings: message.warnings,
    rungs: message.rungs,
  }
}
