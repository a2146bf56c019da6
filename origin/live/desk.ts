import { createHash } from 'node:crypto'
import { Code, ConnectError } from '@connectrpc/connect'
import { type Grant, readGrant } from './grant.ts'
import type { IngestApi } from './ingest-api.ts'
import { type Encoder, type Publication, type PublishDesk, PublishRefused } from './rtmp/desk.ts'

export interface DeskOptions {
  api: Pick<IngestApi, 'authorizePublisher'>
  /** Where edges reach this node. */
  nodeUrl: string
  /** Names this run of the node's process. */
  nodeRun: string
  /** Begins a session for a publisher that was let in. */
  begin(grant: Grant, encoder: Encoder): Publication
}

/** Asks the api about each offer. The key stays here: only its hash is sent. */
export function createPublishDesk({ api, nodeUrl, nodeRun, begin }: DeskOptions): PublishDesk {
  return {
    async open(offer, encoder) {
      const streamKeySha256 = createHash('sha256').update(offer.key).digest('hex')
      try {
        const { remoteAddress } = encoder
        const offered = { streamKeySha256, remoteAddress, nodeUrl, nodeRun }
        return begin(readGrant(await api.authorizePublisher(offered)), encoder)
      } catch (error) {
        throw refusal(error)
      }
    },
  }
}

/** Words for the encoder; what isn't a decision of the api's stays the error that it is. */
function refusal(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error
  switch (error.code) {
    case Code.Unauthenticated:
    case Code.NotFound:
    case Code.InvalidArgument:
      return new PublishRefused(
        'NetStream.Publish.BadName',
        'The stream key is not valid. Copy it anew from the web site.',
      )
    case Code.AlreadyExists:
      return new PublishRefused(
        'NetStream.Publish.BadName',
        'This stream key is already in use by another encoder.',
      )
    case Code.PermissionDenied:
    case Code.FailedPrecondition:
    case Code.ResourceExhausted:
      return new PublishRefused('NetStream.Publish.Denied', error.rawMessage)
    default:
      return error
  }
}
