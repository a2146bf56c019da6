/** Why a node is told to stop, or a broadcast ended. The node words it for the encoder. */
export type EndReason =
  | 'unknown'
  | 'superseded'
  | 'over'
  | 'window-over'
  | 'ended-by-creator'
  | 'key-replaced'
  | 'banned'

/**
 * Where a broadcast stands. `idle`: it only reserves the id of the next video. `offered`: a publisher was let in, nothing
 * was seen of it yet. `interrupted`: it was live, its encoder is away and is waited for; `offered` then says that another
 * publisher was let in, of which nothing was seen yet.
 */
export type BroadcastState =
  | { name: 'idle' }
  | { name: 'offered' }
  | { name: 'live' }
  | { name: 'interrupted'; sinceMs: number; offered: boolean }
  | { name: 'ended'; reason: EndReason }

/**
 * What happens to a broadcast.
 * - `granted`: a publisher was let in, with the next epoch
 * - `reported`: the newest publisher's node says how it is; `ended` is the encoder's goodbye
 * - `silent`: its node says nothing any more, since `sinceMs`
 * - `window-over`: its encoder, or its node, was waited for long enough
 * - `end-requested`, `end-unheard`: its creator ends it; the node hasn't done so
 * - `key-replaced`, `banned`: the newest publisher's key is gone; its channel may not publish
 * - `superseded`: word of a publisher that has a follower
 */
export type BroadcastEvent =
  | { type: 'granted'; atMs: number }
  | { type: 'reported'; as: 'offered' | 'live' | 'interrupted' | 'ended'; atMs: number }
  | { type: 'silent'; sinceMs: number }
  | { type: 'window-over' }
  | { type: 'end-requested' }
  | { type: 'end-unheard' }
  | { type: 'key-replaced' }
  | { type: 'banned' }
  | { type: 'superseded' }

/** What follows from an event: where the broadcast stands, and why the node that reports must stop, if it must. */
export interface Step {
  state: BroadcastState
  stop: EndReason | null
}

/** One step after the other. What stops the node is the first reason there is. */
export function steps(state: BroadcastState, events: readonly BroadcastEvent[], windowMs: number): Step {
  return events.reduce<Step>(
    (before, event) => {
      const after = step(before.state, event, windowMs)
      return { state: after.state, stop: before.stop ?? after.stop }
    },
    { state, stop: null },
  )
}

/**
 * One step of a broadcast's life. The same state object where nothing changes.
 * @param windowMs how long it waits for an encoder that is away; 0: it ends with it
 */
export function step(state: BroadcastState, event: BroadcastEvent, windowMs: number): Step {
  switch (event.type) {
    case 'granted':
      return on(granted(state, event.atMs))
    case 'reported':
      return reported(state, event, windowMs)
    case 'silent':
      return on(state.name === 'live' ? lost(event.sinceMs) : state)
    case 'window-over':
      return isOpen(state) && state.name !== 'live' ? over(state, 'window-over') : on(state)
    case 'end-requested':
      return asked(state, 'ended-by-creator')
    case 'end-unheard':
      return isOpen(state) ? over(state, 'ended-by-creator') : on(state)
    case 'key-replaced':
      return asked(state, 'key-replaced')
    case 'banned':
      return asked(state, 'banned')
    case 'superseded':
      return { state, stop: 'superseded' }
    default:
      return event satisfies never
  }
}

/** A new encoder counts as there when its picture is: until then the broadcast waits, anew. */
function granted(state: BroadcastState, atMs: number): BroadcastState {
  switch (state.name) {
    case 'idle':
      return { name: 'offered' }
    case 'interrupted':
      return { name: 'interrupted', sinceMs: atMs, offered: true }
    case 'offered':
    case 'live':
    case 'ended':
      return state
    default:
      return state satisfies never
  }
}

function reported(
  state: BroadcastState,
  { as, atMs }: Extract<BroadcastEvent, { type: 'reported' }>,
  windowMs: number,
): Step {
  if (state.name === 'idle') return { state, stop: 'over' }
  if (state.name === 'ended') return { state, stop: state.reason }
  switch (as) {
    case 'offered':
      return on(state.name === 'interrupted' && !state.offered ? { ...state, offered: true } : state)
    case 'live':
      return on(state.name === 'live' ? state : { name: 'live' })
    case 'interrupted':
      if (state.name === 'interrupted' && !state.offered) return on(state)
      return state.name === 'offered' || windowMs <= 0 ? over(state, 'over') : on(lost(atMs))
    case 'ended':
      return over(state, 'over')
    default:
      return as satisfies never
  }
}

/** The node ends an encoder that is there, and says so; where none is there, it is over at once. */
function asked(state: BroadcastState, reason: EndReason): Step {
  switch (state.name) {
    case 'idle':
      return { state, stop: 'over' }
    case 'offered':
    case 'live':
      return { state, stop: reason }
    case 'interrupted':
      return over(state, reason)
    case 'ended':
      return { state, stop: state.reason }
    default:
      return state satisfies never
  }
}

/** One that never was live keeps its id for the next try. */
function over(state: BroadcastState, reason: EndReason): Step {
  return { state: state.name === 'offered' ? { name: 'idle' } : { name: 'ended', reason }, stop: reason }
}

function lost(sinceMs: number): BroadcastState {
  return { name: 'interrupted', sinceMs, offered: false }
}

function isOpen({ name }: BroadcastState): boolean {
  return name !== 'idle' && name !== 'ended'
}

function on(state: BroadcastState): Step {
  return { state, stop: null }
}
