import type { MessageInitShape } from '@bufbuild/protobuf'
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import { isPlaybackKind } from '@streamtube/contracts/claims.ts'
import type { EdgeService, RevocationSchema } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import type { Database } from '@streamtube/db/index.ts'
import { findSession } from '../accounts/index.ts'
import { authorisePlayback, locate } from '../library/index.ts'
import { type RevocationRow, readRevocations } from '../revocations/index.ts'

/** What edges ask. @param deps `libraryUrl`: where this api serves what is recorded */
export function edgeService(deps: {
  db: Database
  libraryUrl: string
  now: () => number
}): ServiceImpl<typeof EdgeService> {
  const { db, libraryUrl, now } = deps
  return {
    async locate({ timelineId }) {
      const { liveUrl, maxAgeMs } = await locate(db, timelineId, now())
      return { liveUrl: liveUrl ?? '', libraryUrl, maxAgeMs }
    },

    async authorizePlayback({ kind, assetId, sessionToken }) {
      if (!isPlaybackKind(kind)) throw new ConnectError('kind is none of playback', Code.InvalidArgument)
      const decidedAtMs = BigInt(now())
      const viewer = sessionToken === '' ? null : await findSession(db, sessionToken, now())
      const { timelineId, ttlSeconds } = await authorisePlayback(db, { kind, assetId })
      const { personId: viewerId = '', sessionId = '' } = viewer ?? {}
      return { timelineId, viewerId, sessionId, maxHeight: 0, ttlSeconds, decidedAtMs }
    },

    async listRevocations({ cursor }) {
      const { rows, ...page } = await readRevocations(db, cursor)
      return { ...page, revocations: rows.map(toMessage) }
    },
  }
}

function toMessage(row: RevocationRow): MessageInitShape<typeof RevocationSchema> {
  return {
    playbackId: row.playbackId ?? '',
    sessionId: row.sessionId ?? '',
    viewerId: row.viewerId ?? '',
    assetId: row.assetId ?? '',
    decidedUntilMs: BigInt(row.decidedUntil?.getTime() ?? 0),
    expiresAtMs: BigInt(row.expiresAt.getTime()),
  }
}
