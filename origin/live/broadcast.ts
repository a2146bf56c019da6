/**
 * Where a broadcast stands on its node. `offered`: a publisher was let in, nothing of it was seen yet. `live`: its tracks
 * are known. `interrupted`: it was live, its encoder is away without a goodbye and is waited for. `ended`: over; nothing
 * follows.
 */
export type BroadcastState =
  | { name: 'offered'; sinceMs: number; wasLive: boolean }
  | { name: 'live'; sinceMs: number }
  | { name: 'interrupted'; sinceMs: number }
  | { name: 'ended'; sinceMs: number; wasLive: boolean; reason: string }

/**
 * What happens to a broadcast.
 * - `publisher`: another one was let in, after the first or in its place
 * - `tracks`: the newest publisher's tracks are known
 * - `lost`: its encoder has gone, without a goodbye
 * - `over`: the encoder said goodbye, the api wants the end, or it was waited for long enough
 */
export type BroadcastEvent =
  | { type: 'publisher' }
  | { type: 'tracks' }
  | { type: 'lost'; reason: string }
  | { type: 'over'; reason: string }

/** The state after an event; the same object where nothing changes. */
export function nextBroadcastState(
  state: BroadcastState,
  event: BroadcastEvent,
  nowMs: number,
): BroadcastState {
  if (state.name === 'ended') return state
  switch (event.type) {
    case 'publisher':
      return { name: 'offered', sinceMs: nowMs, wasLive: wasLive(state) }
    case 'tracks':
      return state.name === 'offered' ? { name: 'live', sinceMs: nowMs } : state
    case 'lost':
      if (state.name === 'interrupted') return state
      // There is nothing to come back to.
      if (!wasLive(state)) return { name: 'ended', sinceMs: nowMs, wasLive: false, reason: event.reason }
      return { name: 'interrupted', sinceMs: nowMs }
    case 'over':
      return { name: 'ended', sinceMs: nowMs, wasLive: wasLive(state), reason: event.reason }
    default:
      return event satisfies never
  }
}

/** Whether viewers have seen something of it. */
export function wasLive(state: BroadcastState): boolean {
  switch (state.name) {
    case 'offered':
    case 'ended':
      return state.wasLive
    case 'live':
    case 'interrupted':
      return true
    default:
      return state satisfies never
  }
}
