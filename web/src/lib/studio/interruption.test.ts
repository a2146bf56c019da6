import type { LiveStatus } from '@streamtube/contracts/api/resources.ts'
import { describe, expect, it, test } from 'vitest'
import { leftOf, returnSince } from './interruption.ts'

const interrupted = { since: '2026-11-22T14:00:00.000Z', until: '2026-11-22T14:01:00.000Z' }
const at = (seconds: number) => Date.parse(interrupted.since) + seconds * 1000

test.each([
  [0, 60_000, 1],
  [15, 45_000, 0.75],
  [60, 0, 0],
  // Clocks differ.
  [-5, 60_000, 1],
  [90, 0, 0],
])('after %i s, %i ms are left', (seconds, ms, part) => {
  expect(leftOf(interrupted, at(seconds))).toEqual({ ms, part })
})

test('a wait of no time at all is over', () => {
  expect(leftOf({ since: interrupted.since, until: interrupted.since }, at(0))).toEqual({ ms: 0, part: 0 })
})

describe('an encoder that comes', () => {
  const status = (state: LiveStatus['state'], lastReturn: LiveStatus['lastReturn']): LiveStatus => ({
    ingest: { rtmpUrl: 'rtmp://localhost/live', rtmpsUrl: null },
    state,
    video: null,
    health: null,
    interrupted: null,
    lastReturn,
    refusal: null,
  })
  const back = { at: interrupted.until, otherAddress: false }

  it('is told once, when its picture is there', () => {
    expect(returnSince(null, status('live', null))).toBeNull()
    expect(returnSince(null, status('interrupted', back))).toBeNull()
    expect(returnSince(null, status('live', back))).toBe('back')
    expect(returnSince(back.at, status('live', back))).toBeNull()
  })

  it('has taken over when it comes from another address', () => {
    expect(returnSince(null, status('live', { ...back, otherAddress: true }))).toBe('taken-over')
  })
})
