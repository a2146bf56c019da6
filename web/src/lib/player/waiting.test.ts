import { expect, it } from 'vitest'
import { waitingFor } from './waiting.ts'

const state = { waitedMs: 5_000, stillMs: 200, isFaltering: false }

it('says nothing of a short wait', () => {
  expect(waitingFor({ waitedMs: 900, stillMs: 60_000, isFaltering: true })).toBe('media')
})
it('names the stream when no new media has been listed for four seconds', () => {
  expect(waitingFor({ ...state, stillMs: 4_000 })).toBe('media')
  expect(waitingFor({ ...state, stillMs: 4_001 })).toBe('stream')
})
it('names the network when requests fail, whatever was listed', () => {
  expect(waitingFor({ ...state, isFaltering: true })).toBe('network')
  expect(waitingFor({ ...state, stillMs: 9_000, isFaltering: true })).toBe('network')
})
it('never takes a video for a paused stream', () => {
  expect(waitingFor({ ...state, stillMs: null })).toBe('media')
})
