import { expect, test } from 'vitest'
import { type DiskEvent, type DiskState, mayWrite, nextDiskState } from './disk-state.ts'

const well: DiskState = { name: 'well' }
const slow: DiskState = { name: 'failing', problem: 'spool-failing', sinceMs: 0, tryAtMs: 0 }
const full: DiskState = { name: 'failing', problem: 'disk-full', sinceMs: 0, tryAtMs: 1000 }

test.each<[DiskState, DiskEvent, DiskState]>([
  [well, { type: 'written', tookMs: 1 }, well],
  [well, { type: 'written', tookMs: 9_000 }, well],
  [well, { type: 'overdue' }, { ...slow, sinceMs: 500, tryAtMs: 500 }],
  [well, { type: 'failed', code: 'ENOSPC' }, { ...full, sinceMs: 500, tryAtMs: 1500 }],
  [well, { type: 'failed', code: 'EDQUOT' }, { ...full, sinceMs: 500, tryAtMs: 1500 }],
  [well, { type: 'failed', code: 'EIO' }, { ...slow, sinceMs: 500, tryAtMs: 1500 }],
  [well, { type: 'failed', code: null }, { ...slow, sinceMs: 500, tryAtMs: 1500 }],
  [slow, { type: 'written', tookMs: 249 }, well],
  [slow, { type: 'written', tookMs: 250 }, slow],
  [slow, { type: 'overdue' }, { ...slow, tryAtMs: 500 }],
  [slow, { type: 'failed', code: 'ENOSPC' }, { ...full, tryAtMs: 1500 }],
  [full, { type: 'written', tookMs: 1 }, well],
  [full, { type: 'overdue' }, { ...slow, tryAtMs: 500 }],
  [full, { type: 'failed', code: 'ENOSPC' }, { ...full, tryAtMs: 1500 }],
])('%o after %o', (state, event, next) => {
  expect(nextDiskState(state, event, 500)).toEqual(next)
})

test('a disk that is well is always written, one in trouble by one at a time, a second later', () => {
  expect(mayWrite(well, true, 0)).toBe(true)
  expect(mayWrite(full, false, 999)).toBe(false)
  expect(mayWrite(full, false, 1000)).toBe(true)
  expect(mayWrite(full, true, 1000)).toBe(false)
})
