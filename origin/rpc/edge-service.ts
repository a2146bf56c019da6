import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { EdgeService } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import type { Database } from '@streamtube/db/index.ts'
import { findSession } from '../accounts/index.ts'
import { authorisePlayback, locate } from '../library/index.ts'

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
      if (kind !== 'live' && kind !== 'vod') {
        throw new ConnectError('kind must be live or vod', Code.InvalidArgument)
      }
      const viewer = sessionToken === '' ? null : await findSession(db, sessionToken, now())
      const { timelineId, ttlSeconds } = await authorisePlayback(db, { kind, assetId })
      return { timelineId, viewerId: viewer?.personId ?? '', maxHeight: 0, ttlSeconds }
    },
  }
}
