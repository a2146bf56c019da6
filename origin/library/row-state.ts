import type { schema } from '@streamtube/db/index.ts'
import type { BroadcastState, EndReason } from './broadcast-state.ts'

export type BroadcastRow = typeof schema.broadcasts.$inferSelect

/** Where a broadcast stands, as its row says it. */
export function stateOf(row: BroadcastRow): BroadcastState {
  switch (row.state) {
    case 'interrupted': {
      const since = row.interruptedAt ?? row.lastReportAt ?? row.createdAt
      return { name: 'interrupted', sinceMs: since.getTime(), offered: row.remoteAddress !== null }
    }
    case 'ended':
      return { name: 'ended', reason: endReasonOf(row) }
    case 'idle':
    case 'offered':
    case 'live':
      return { name: row.state }
    default:
      return row.state satisfies never
  }
}

/** How long it waits for an encoder that is away. */
export function windowMsOf(row: Pick<BroadcastRow, 'reconnectWindowSeconds'>): number {
  return row.reconnectWindowSeconds * 1000
}

function endReasonOf(row: BroadcastRow): EndReason {
  if (row.endRequestedAt) return 'ended-by-creator'
  return row.interruptedAt ? 'window-over' : 'over'
}
