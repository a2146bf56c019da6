import { expect, test } from 'vitest'
import { type BroadcastState, nextBroadcastState } from './broadcast.ts'

const offered: BroadcastState = { name: 'offered', sinceMs: 1 }
const live: BroadcastState = { name: 'live', sinceMs: 2 }

test('a session is offered, live, ended, and nothing after', () => {
  expect(nextBroadcastState(offered, { type: 'tracks' }, 2)).toEqual(live)
  const ended = nextBroadcastState(live, { type: 'closed', reason: 'idle' }, 3)
  expect(ended).toEqual({ name: 'ended', sinceMs: 3, wasLive: true, reason: 'idle' })
  expect(nextBroadcastState(ended, { type: 'tracks' }, 4)).toBe(ended)
  expect(nextBroadcastState(ended, { type: 'closed', reason: 'again' }, 4)).toBe(ended)
})

test('a session that showed nothing was never live', () => {
  expect(nextBroadcastState(offered, { type: 'closed', reason: 'idle' }, 3)).toMatchObject({ wasLive: false })
})

test('nothing changes where nothing happens', () => {
  expect(nextBroadcastState(live, { type: 'tracks' }, 9)).toBe(live)
})
