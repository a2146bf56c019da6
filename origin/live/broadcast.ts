/**
 * Where a publisher's session stands. `offered`: let in, nothing seen yet. `live`: its tracks are known. `ended`: over;
 * nothing follows. (A session that lost its encoder and waits for it will be a state between the last two.)
 */
export type BroadcastState =
  | { name: 'offered'; sinceMs: number }
  | { name: 'live'; sinceMs: number }
  | { name: 'ended'; sinceMs: number; wasLive: boolean; reason: string }

export type BroadcastEvent = { type: 'tracks' } | { type: 'closed'; reason: string }

/** The state after an event; the same object where nothing changes. */
export function nextBroadcastState(
  state: BroadcastState,
  event: BroadcastEvent,
  nowMs: number,
): BroadcastState {
  switch (state.name) {
    case 'offered':
      if (event.type === 'tracks') return { name: 'live', sinceMs: nowMs }
      return { name: 'ended', sinceMs: nowMs, wasLive: false, reason: event.reason }
    case 'live':
      if (event.type === 'tracks') return state
      return { name: 'ended', sinceMs: nowMs, wasLive: true, reason: event.reason }
    case 'ended':
      return state
    default:
      return state satisfies never
  }
}
