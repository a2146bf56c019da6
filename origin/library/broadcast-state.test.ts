import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BroadcastEvent, type BroadcastState, type EndReason, step, steps } from './broadcast-state.ts'

const LOST_MS = 1_000
const NOW_MS = 9_000
const WINDOW_MS = 60_000

const idle: BroadcastState = { name: 'idle' }
const offered: BroadcastState = { name: 'offered' }
const live: BroadcastState = { name: 'live' }
const waiting: BroadcastState = { name: 'interrupted', sinceMs: LOST_MS, offered: false }
const waitingAnew: BroadcastState = { name: 'interrupted', sinceMs: NOW_MS, offered: false }
const returning: BroadcastState = { name: 'interrupted', sinceMs: LOST_MS, offered: true }
const returningNow: BroadcastState = { name: 'interrupted', sinceMs: NOW_MS, offered: true }
const ended: BroadcastState = { name: 'ended', reason: 'ended-by-creator' }
const over = (reason: EndReason): BroadcastState => ({ name: 'ended', reason })

const states = { idle, offered, live, interrupted: waiting, returning, ended }
type Name = keyof typeof states

const events: Record<string, BroadcastEvent> = {
  granted: { type: 'granted', atMs: NOW_MS },
  'reported offered': { type: 'reported', as: 'offered', atMs: NOW_MS },
  'reported live': { type: 'reported', as: 'live', atMs: NOW_MS },
  'reported interrupted': { type: 'reported', as: 'interrupted', atMs: NOW_MS },
  'said goodbye': { type: 'reported', as: 'ended', atMs: NOW_MS },
  silent: { type: 'silent', sinceMs: NOW_MS },
  'window over': { type: 'window-over' },
  'end requested': { type: 'end-requested' },
  'end unheard': { type: 'end-unheard' },
  'key replaced': { type: 'key-replaced' },
  banned: { type: 'banned' },
  superseded: { type: 'superseded' },
}

/** Every pair: the state after it, and why the node is told to stop. */
const table: Record<string, Record<Name, [BroadcastState, EndReason | null]>> = {
  granted: {
    idle: [offered, null],
    offered: [offered, null],
    live: [live, null],
    interrupted: [returningNow, null],
    returning: [returningNow, null],
    ended: [ended, null],
  },
  'reported offered': {
    idle: [idle, 'over'],
    offered: [offered, null],
    live: [live, null],
    interrupted: [returning, null],
    returning: [returning, null],
    ended: [ended, 'ended-by-creator'],
  },
  'reported live': {
    idle: [idle, 'over'],
    offered: [live, null],
    live: [live, null],
    interrupted: [live, null],
    returning: [live, null],
    ended: [ended, 'ended-by-creator'],
  },
  'reported interrupted': {
    idle: [idle, 'over'],
    offered: [idle, 'over'],
    live: [waitingAnew, null],
    interrupted: [waiting, null],
    returning: [waitingAnew, null],
    ended: [ended, 'ended-by-creator'],
  },
  'said goodbye': {
    idle: [idle, 'over'],
    offered: [idle, 'over'],
    live: [over('over'), 'over'],
    interrupted: [over('over'), 'over'],
    returning: [over('over'), 'over'],
    ended: [ended, 'ended-by-creator'],
  },
  silent: {
    idle: [idle, null],
    offered: [offered, null],
    live: [waitingAnew, null],
    interrupted: [waiting, null],
    returning: [returning, null],
    ended: [ended, null],
  },
  'window over': {
    idle: [idle, null],
    offered: [idle, 'window-over'],
    live: [live, null],
    interrupted: [over('window-over'), 'window-over'],
    returning: [over('window-over'), 'window-over'],
    ended: [ended, null],
  },
  'end requested': {
    idle: [idle, 'over'],
    offered: [offered, 'ended-by-creator'],
    live: [live, 'ended-by-creator'],
    interrupted: [over('ended-by-creator'), 'ended-by-creator'],
    returning: [over('ended-by-creator'), 'ended-by-creator'],
    ended: [ended, 'ended-by-creator'],
  },
  'end unheard': {
    idle: [idle, null],
    offered: [idle, 'ended-by-creator'],
    live: [over('ended-by-creator'), 'ended-by-creator'],
    interrupted: [over('ended-by-creator'), 'ended-by-creator'],
    returning: [over('ended-by-creator'), 'ended-by-creator'],
    ended: [ended, null],
  },
  'key replaced': {
    idle: [idle, 'over'],
    offered: [offered, 'key-replaced'],
    live: [live, 'key-replaced'],
    interrupted: [over('key-replaced'), 'key-replaced'],
    returning: [over('key-replaced'), 'key-replaced'],
    ended: [ended, 'ended-by-creator'],
  },
  banned: {
    idle: [idle, 'over'],
    offered: [offered, 'banned'],
    live: [live, 'banned'],
    interrupted: [over('banned'), 'banned'],
    returning: [over('banned'), 'banned'],
    ended: [ended, 'ended-by-creator'],
  },
  superseded: {
    idle: [idle, 'superseded'],
    offered: [offered, 'superseded'],
    live: [live, 'superseded'],
    interrupted: [waiting, 'superseded'],
    returning: [returning, 'superseded'],
    ended: [ended, 'superseded'],
  },
}

describe('a broadcast', () => {
  const pairs = Object.entries(table).flatMap(([event, row]) =>
    Object.entries(row).map(([name, wanted]) => [name as Name, event, ...wanted] as const),
  )

  test.each(pairs)('that is %s and is %s', (name, event, state, stop) => {
    const given = events[event]
    if (!given) throw new Error(`no event ${event}`)
    expect(step(states[name], given, WINDOW_MS)).toEqual({ state, stop })
  })

  test('has a row in the table for each event, and a place for each state', () => {
    expect(pairs).toHaveLength(Object.keys(events).length * Object.keys(states).length)
  })

  test('without a window ends with its encoder', () => {
    const lost = { type: 'reported', as: 'interrupted', atMs: NOW_MS } as const
    expect(step(live, lost, 0)).toEqual({ state: over('over'), stop: 'over' })
    expect(step(live, lost, 1)).toEqual({ state: waitingAnew, stop: null })
  })

  test('takes one event after the other; what stops its node is the first reason', () => {
    const heard = { type: 'reported', as: 'live', atMs: NOW_MS } as const
    expect(steps(offered, [heard, { type: 'banned' }, { type: 'end-requested' }], WINDOW_MS)).toEqual({
      state: live,
      stop: 'banned',
    })
    const silent = { type: 'silent', sinceMs: LOST_MS } as const
    expect(steps(live, [silent, { type: 'window-over' }], WINDOW_MS)).toEqual({
      state: over('window-over'),
      stop: 'window-over',
    })
  })

  test('has one life, whatever happens: an end is final, and nothing that was live is offered or idle again', () => {
    const anything = fc.array(fc.constantFrom(...Object.values(events)), { maxLength: 40 })
    fc.assert(
      fc.property(anything, fc.constantFrom(0, WINDOW_MS), (happened, windowMs) => {
        let state: BroadcastState = idle
        let wasLive = false
        for (const event of happened) {
          const next: BroadcastState = step(state, event, windowMs).state
          if (state.name === 'ended') expect(next).toBe(state)
          wasLive ||= next.name === 'live'
          expect(['live', 'interrupted', 'ended'].includes(next.name)).toBe(wasLive)
          state = next
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('is the same object where nothing changes: nobody need write it', () => {
    expect(step(live, { type: 'reported', as: 'live', atMs: NOW_MS }, WINDOW_MS).state).toBe(live)
    expect(step(waiting, { type: 'silent', sinceMs: NOW_MS }, WINDOW_MS).state).toBe(waiting)
  })
})
