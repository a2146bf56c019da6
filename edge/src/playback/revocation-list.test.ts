import type { PlaybackClaims } from '@streamtube/contracts/claims.ts'
import { describe, expect, test } from 'vitest'
import { revocation, START_MS, TIMELINE, testId, VIDEO } from '../testing/test-edge.ts'
import { RevocationList } from './revocation-list.ts'

const [PLAYBACK, SESSION, VIEWER] = [testId(11), testId(12), testId(13)]
const iat = START_MS / 1000
const claims: PlaybackClaims = {
  aud: 'playback',
  sid: PLAYBACK,
  ses: SESSION,
  sub: VIEWER,
  knd: 'live',
  ast: VIDEO,
  tml: TIMELINE,
  iat,
  exp: iat + 3600,
}
const guest: PlaybackClaims = { ...claims, ses: undefined, sub: undefined }
const until = { decidedUntilMs: BigInt(START_MS) }

describe('a revocation', () => {
  test.each([
    ['a playback', { playbackId: PLAYBACK }],
    ['a sign-in session', { sessionId: SESSION }],
    ['a viewer', { viewerId: VIEWER, ...until }],
    ['a viewer of a video', { viewerId: VIEWER, assetId: VIDEO, ...until }],
    ['a video', { assetId: VIDEO, ...until }],
  ])('of %s ends that, and nothing of anybody else', (_, names) => {
    const list = new RevocationList(10)
    list.add(revocation(names))
    expect(list.names(claims)).toBe(true)
    const others = { sid: testId(21), ses: testId(22), sub: testId(23), ast: testId(24) }
    expect(list.names({ ...claims, ...others })).toBe(false)
  })

  test.each([
    ['a sign-in session', { sessionId: SESSION }],
    ['a viewer', { viewerId: VIEWER }],
    ['a viewer of a video', { viewerId: VIEWER, assetId: VIDEO }],
  ])('of %s leaves guests alone', (_, names) => {
    const list = new RevocationList(10)
    list.add(revocation(names))
    expect(list.names({ ...guest, sid: testId(21) })).toBe(false)
  })

  test('of a viewer of a video leaves the viewer the other videos', () => {
    const list = new RevocationList(10)
    list.add(revocation({ viewerId: VIEWER, assetId: VIDEO }))
    expect(list.names({ ...claims, ast: testId(24) })).toBe(false)
  })

  test('that names nothing ends nothing', () => {
    const list = new RevocationList(10)
    list.add(revocation({}))
    expect([list.names(claims), list.names(guest), list.size]).toEqual([false, false, 0])
  })

  test('ends what was decided up to its time, not what is granted after it', () => {
    const list = new RevocationList(10)
    list.add(revocation({ viewerId: VIEWER, ...until }))
    expect(list.names(claims)).toBe(true)
    expect(list.names({ ...claims, iat: iat + 1 })).toBe(false)
  })

  test('that comes again, in whatever order, means the later of both', () => {
    const list = new RevocationList(10)
    list.add(revocation({ assetId: VIDEO, decidedUntilMs: BigInt(START_MS + 5000) }))
    list.add(revocation({ assetId: VIDEO, ...until }))
    expect(list.names({ ...claims, iat: iat + 5 })).toBe(true)
    expect([list.names({ ...claims, iat: iat + 6 }), list.size]).toEqual([false, 1])
  })
})

describe('the list', () => {
  test('forgets what has expired, and only that', () => {
    const list = new RevocationList(10)
    list.add(revocation({ sessionId: SESSION, expiresAtMs: BigInt(START_MS + 1) }))
    list.add(revocation({ playbackId: PLAYBACK, expiresAtMs: BigInt(START_MS + 2) }))
    list.forgetExpired(START_MS + 1)
    expect([list.size, list.isEmpty, list.names(claims)]).toEqual([1, false, true])
    list.forgetExpired(START_MS + 2)
    expect([list.size, list.isEmpty, list.names(claims)]).toEqual([0, true, false])
  })

  test('has a bound: the oldest goes, and is counted', () => {
    const list = new RevocationList(2)
    for (const id of [1, 2]) list.add(revocation({ sessionId: testId(id) }))
    expect([list.size, list.dropped, list.names({ ...claims, ses: testId(1) })]).toEqual([2, 0, true])
    list.add(revocation({ sessionId: testId(3) }))
    expect([list.size, list.dropped]).toEqual([2, 1])
    expect(list.names({ ...claims, ses: testId(1) })).toBe(false)
    expect(list.names({ ...claims, ses: testId(3) })).toBe(true)
  })
})
