import { expect, test } from 'vitest'
import { type BroadcastEvent, type BroadcastState, nextBroadcastState, wasLive } from './broadcast.ts'

const NOW = 9

const states = {
  offered: { name: 'offered', sinceMs: 1, wasLive: false },
  returning: { name: 'offered', sinceMs: 1, wasLive: true },
  live: { name: 'live', sinceMs: 2 },
  interrupted: { name: 'interrupted', sinceMs: 3 },
  ended: { name: 'ended', sinceMs: 4, wasLive: true, reason: 'finished' },
} as const satisfies Record<string, BroadcastState>

const events = {
  publisher: { type: 'publisher' },
  tracks: { type: 'tracks' },
  lost: { type: 'lost', reason: 'idle' },
  over: { type: 'over', reason: 'finished' },
} as const satisfies Record<string, BroadcastEvent>

type Name = keyof typeof states
const same = Symbol('the same object')
const over = (wasLive: boolean, reason: string): BroadcastState => ({
  name: 'ended',
  sinceMs: NOW,
  wasLive,
  reason,
})
const offeredAgain = (wasLive: boolean): BroadcastState => ({ name: 'offered', sinceMs: NOW, wasLive })
const live: BroadcastState = { name: 'live', sinceMs: NOW }
const interrupted: BroadcastState = { name: 'interrupted', sinceMs: NOW }

/** Every pair of state and event. */
const table: Record<Name, Record<keyof typeof events, BroadcastState | typeof same>> = {
  offered: {
    publisher: offeredAgain(false),
    tracks: live,
    lost: over(false, 'idle'),
    over: over(false, 'finished'),
  },
  returning: {
    publisher: offeredAgain(true),
    tracks: live,
    lost: interrupted,
    over: over(true, 'finished'),
  },
  live: {
    publisher: offeredAgain(true),
    tracks: same,
    lost: interrupted,
    over: over(true, 'finished'),
  },
  interrupted: {
    publisher: offeredAgain(true),
    tracks: same,
    lost: same,
    over: over(true, 'finished'),
  },
  ended: { publisher: same, tracks: same, lost: same, over: same },
}

const pairs = Object.entries(table).flatMap(([state, row]) =>
  Object.entries(row).map(([event, expected]) => ({ state, event, expected })),
)

test.each(pairs)('$state, $event', ({ state, event, expected }) => {
  const before = states[state as Name]
  const after = nextBroadcastState(before, events[event as keyof typeof events], NOW)
  if (expected === same) expect(after).toBe(before)
  else expect(after).toEqual(expected)
})

test('viewers have seen something of what was live', () => {
  const seen = Object.entries(states).map(([name, state]) => [name, wasLive(state)])
  expect(Object.fromEntries(seen)).toEqual({
    offered: false,
    returning: true,
    live: true,
    interrupted: true,
    ended: true,
  })
})
