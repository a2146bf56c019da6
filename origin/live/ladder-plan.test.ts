import { expect, test } from 'vitest'
import { freshPlan, type LadderPlan, type LadderSight, nextPlan } from './ladder-plan.ts'

const MINUTE_MS = 60_000
const well: LadderSight = { tooSlow: false, room: false }
const slow: LadderSight = { tooSlow: true, room: false }
const roomy: LadderSight = { tooSlow: false, room: true }

/** Looks each second until the number of rungs given up changes; how long that took, or null after an hour. */
function until(
  plan: LadderPlan,
  sight: LadderSight,
  fromMs: number,
): { plan: LadderPlan; tookMs: number | null } {
  let next = plan
  for (let tookMs = 0; tookMs <= 60 * MINUTE_MS; tookMs += 1000) {
    next = nextPlan(next, sight, 3, fromMs + tookMs)
    if (next.dropped !== plan.dropped) return { plan: next, tookMs }
  }
  return { plan: next, tookMs: null }
}

test('a ladder that is fast enough stays whole, and the plan the same object', () => {
  const plan = freshPlan(0)
  for (const sight of [well, roomy]) expect(nextPlan(plan, sight, 3, 1000)).toBe(plan)
})

test('each time that it is too slow one rung goes, until there are none', () => {
  let plan = freshPlan(0)
  const dropped = []
  for (let times = 0; times < 5; times++) {
    plan = nextPlan(plan, slow, 3, times * 6_000)
    dropped.push(plan.dropped)
  }
  expect(dropped).toEqual([1, 2, 3, 3, 3])
})

test('a rung comes back after three minutes of room, not before, and never without', () => {
  const plan = nextPlan(freshPlan(0), slow, 3, 0)
  expect(until(plan, well, 1000).tookMs).toBeNull()
  expect(until(plan, roomy, 1000)).toMatchObject({ tookMs: 3 * MINUTE_MS, plan: { dropped: 0 } })
})

test('room must last: a moment without it and the minutes begin again', () => {
  let plan = nextPlan(freshPlan(0), slow, 3, 0)
  plan = nextPlan(plan, roomy, 3, 1_000)
  plan = nextPlan(plan, well, 3, 100_000)
  expect(until(plan, roomy, 101_000).tookMs).toBe(3 * MINUTE_MS)
})

test('a rung that comes back in vain waits twice as long for its next try, half an hour at most', () => {
  let plan = nextPlan(freshPlan(0), slow, 3, 0)
  let nowMs = 0
  const waitedMinutes = []
  for (let times = 0; times < 6; times++) {
    const back = until(plan, roomy, nowMs)
    waitedMinutes.push((back.tookMs ?? 0) / MINUTE_MS)
    nowMs += (back.tookMs ?? 0) + 8_000
    plan = nextPlan(back.plan, slow, 3, nowMs)
  }
  expect(waitedMinutes).toEqual([3, 6, 12, 24, 30, 30])
})

test('a rung that lasted for ten minutes is forgiven', () => {
  const back = until(nextPlan(freshPlan(0), slow, 3, 0), roomy, 0)
  const goneSoon = nextPlan(back.plan, slow, 3, (back.tookMs ?? 0) + 9 * MINUTE_MS)
  const goneLate = nextPlan(back.plan, slow, 3, (back.tookMs ?? 0) + 10 * MINUTE_MS)
  expect([goneSoon.patienceMs, goneLate.patienceMs]).toEqual([6 * MINUTE_MS, 3 * MINUTE_MS])
})
