import { Code } from '@connectrpc/connect'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { PortError } from '../ports/error.ts'
import { ALIVE_MS, REPORT_STEP_MS } from './alive.ts'
import {
  ENDED,
  INTERRUPTED,
  LIVE,
  newKey,
  OFFERED,
  publish,
  renditions,
  report,
  START_MS,
  segments,
} from './testing.ts'

let api: TestApi
let ada: Creator
let key: string
beforeAll(async () => {
  api = await startApiForTests({ stillClock: true })
})
afterAll(() => api.close())
beforeEach(async () => {
  ada = await signUp(api)
  key = await newKey(ada)
})

const status = async (creator: Creator) =>
  (await creator.browser.get(`/channels/${creator.channelId}/live`)).body

describe('a publisher', () => {
  test('with a known key gets a broadcast, an epoch, a block of sequence numbers and the channel’s settings', async () => {
    await ada.browser.patch(`/channels/${ada.channelId}`, { ladder: 'off' })
    const grant = await publish(api, key)
    expect(grant).toMatchObject({
      channelId: ada.channelId,
      epoch: 1,
      firstSequence: 0n,
      settings: { ladder: 'off', partTargetMs: 510, archive: true, reconnectWindowSeconds: 60 },
    })
    expect(grant.sequenceCount).toBeGreaterThan(0)
    expect(await status(ada)).toMatchObject({ state: 'offered', video: null })
    const more = await api.ingest.reserveSequences({ timelineId: grant.broadcastId, epoch: 1, count: 10 })
    expect(more).toMatchObject({ firstSequence: BigInt(grant.sequenceCount), count: 10 })
  })

  test('with an unknown key is refused', async () => {
    await expect(publish(api, 'st_made-up')).rejects.toMatchObject({ code: Code.Unauthenticated })
  })

  test('is one at a time: of many at once exactly one is let in', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => publish(api, key)))
    const refused = tries.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(5)
    for (const result of refused) expect(result.reason).toMatchObject({ code: Code.AlreadyExists })
  })

  test('is refused while the first is alive and takes its broadcast over when it is dead', async () => {
    const first = await publish(api, key)
    await report(api, first, LIVE)
    api.pass(ALIVE_MS - 1000)
    await report(api, first, LIVE)
    api.pass(ALIVE_MS - 1000)
    await expect(publish(api, key)).rejects.toMatchObject({ code: Code.AlreadyExists })
    api.pass(2000)
    const second = await publish(api, key)
    expect(second).toMatchObject({ broadcastId: first.broadcastId, epoch: 2 })
    expect(second.firstSequence).toBe(BigInt(first.sequenceCount))
    expect(await status(ada)).toMatchObject({ state: 'live' })

    expect(await report(api, first, LIVE)).toMatchObject({ end: true, reason: 'superseded' })
    expect(await report(api, first, ENDED)).toMatchObject({ end: true, reason: 'superseded' })
    expect(await report(api, second, LIVE)).toMatchObject({ end: false })
    const reserve = { timelineId: first.broadcastId, epoch: 1, count: 1 }
    await expect(api.ingest.reserveSequences(reserve)).rejects.toMatchObject({
      code: Code.FailedPrecondition,
    })
  })

  test('dies with its node: another run of that node takes over at once, another node does not', async () => {
    const first = await publish(api, key, { nodeRun: 'first' })
    await report(api, first, LIVE)
    await expect(publish(api, key, { nodeRun: 'first' })).rejects.toMatchObject({ code: Code.AlreadyExists })
    const elsewhere = publish(api, key, { nodeUrl: 'http://127.0.0.1:7002', nodeRun: 'second' })
    await expect(elsewhere).rejects.toMatchObject({ code: Code.AlreadyExists })
    api.beginToHear()
    const tries = await Promise.allSettled(
      Array.from({ length: 4 }, () => publish(api, key, { nodeRun: 'second' })),
    )
    const granted = tries.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
    expect(granted).toMatchObject([{ broadcastId: first.broadcastId, epoch: 2 }])
    expect(await report(api, first, LIVE)).toMatchObject({ end: true, reason: 'superseded' })
    await expect(publish(api, key, { nodeRun: 'second' })).rejects.toMatchObject({ code: Code.AlreadyExists })
  })

  test('that takes over hears what the earlier one left in the live window', async () => {
    const first = await publish(api, key, { nodeRun: 'first' })
    expect(first.tail).toBeUndefined()
    await report(api, first, LIVE)
    const shown = segments(first.broadcastId, 1, Math.ceil((api.now() - START_MS) / 2000) - 3, 3)
    await api.ingest.appendIndex({
      timelineId: first.broadcastId,
      epoch: 1,
      renditions: renditions(),
      segments: shown,
    })
    const second = await publish(api, key, { nodeRun: 'second' })
    expect(second.tail?.renditions.map(({ id, timescale }) => [id, timescale])).toEqual([
      ['source', 90_000],
      ['audio', 48_000],
    ])
    const wanted = shown.map(({ locator, ...rest }) => rest)
    expect(second.tail?.segments).toMatchObject(wanted)
    expect(second.tail?.discontinuitySequence).toBe(0)
    api.pass(70_000)
    const third = await publish(api, key, { nodeRun: 'third' })
    expect(third.tail).toMatchObject({ renditions: [], segments: [], discontinuitySequence: 1 })
  })

  test('gets no number that an earlier one used without having reserved it', async () => {
    const first = await publish(api, key)
    const { broadcastId: timelineId, sequenceCount } = first
    await report(api, first, LIVE)
    const append = (from: number, count: number) =>
      api.ingest.appendIndex({
        timelineId,
        epoch: 1,
        renditions: renditions(),
        segments: segments(timelineId, 1, from, count),
      })
    await append(sequenceCount - 2, 5)
    await append(0, 2)
    api.pass(ALIVE_MS + 1000)
    expect((await publish(api, key)).firstSequence).toBe(BigInt(sequenceCount + 3))
  })

  test('is not taken over just because the api was away', async () => {
    const first = await publish(api, key)
    await report(api, first, LIVE)
    api.pass(10 * ALIVE_MS)
    api.beginToHear()
    await expect(publish(api, key)).rejects.toMatchObject({ code: Code.AlreadyExists })
    expect(await report(api, first, LIVE)).toMatchObject({ end: false })
    api.pass(ALIVE_MS + 1000)
    expect((await publish(api, key)).epoch).toBe(2)
  })

  test('whose key is replaced hears so with its next report; the new key works then', async () => {
    const first = await publish(api, key)
    await report(api, first, LIVE)
    const fresh = await newKey(ada)
    expect(await report(api, first, LIVE)).toMatchObject({ end: true, reason: 'key-replaced' })
    await report(api, first, ENDED)
    await expect(publish(api, key)).rejects.toMatchObject({ code: Code.Unauthenticated })
    expect((await publish(api, fresh)).broadcastId).not.toBe(first.broadcastId)
  })

  test('whose encoder sends nothing for a while is dead, though its node is there', async () => {
    const hung = await publish(api, key)
    await report(api, hung, LIVE, ALIVE_MS - 1)
    await expect(publish(api, key)).rejects.toMatchObject({ code: Code.AlreadyExists })
    await report(api, hung, LIVE, ALIVE_MS)
    expect(await publish(api, key)).toMatchObject({ broadcastId: hung.broadcastId, epoch: 2 })
    expect(await report(api, hung, LIVE, ALIVE_MS + 500)).toMatchObject({ end: true, reason: 'superseded' })
  })

  test.each([
    ['the same encoder', {}],
    ['one at another address', { remoteAddress: '203.0.113.9' }],
    ['one at another node', { nodeUrl: 'http://127.0.0.1:7002', nodeRun: 'other' }],
  ])('of an interrupted broadcast is let in at once, one alone: %s', async (_, other) => {
    const first = await publish(api, key, { nodeRun: 'one' })
    await report(api, first, LIVE)
    expect(await report(api, first, INTERRUPTED)).toMatchObject({ end: false })
    api.pass(1)
    const tries = await Promise.allSettled(
      [0, 1, 2].map(() => publish(api, key, { nodeRun: 'one', ...other })),
    )
    const granted = tries.filter((result) => result.status === 'fulfilled').map(({ value }) => value)
    expect(granted).toMatchObject([{ broadcastId: first.broadcastId, epoch: 2 }])
    expect(await report(api, first, INTERRUPTED)).toMatchObject({ end: true, reason: 'superseded' })
    const [second] = granted
    if (!second) throw new Error('nobody was let in')
    await report(api, second, OFFERED)
    await expect(publish(api, key, other)).rejects.toMatchObject({ code: Code.AlreadyExists })
    await report(api, second, LIVE)
    expect(await status(ada)).toMatchObject({
      state: 'live',
      interrupted: null,
      lastReturn: { otherAddress: 'remoteAddress' in other },
    })
  })

  test('that said goodbye makes room at once: the next one begins another broadcast', async () => {
    const first = await publish(api, key)
    await report(api, first, LIVE)
    await report(api, first, ENDED)
    const second = await publish(api, key)
    expect(second.broadcastId).not.toBe(first.broadcastId)
    expect(await report(api, second, LIVE)).toMatchObject({ end: false })
  })

  test('is dead when it is, though the clock was set back by a minute', async () => {
    const first = await publish(api, key)
    await report(api, first, LIVE)
    api.pass(-60_000)
    api.beginToHear()
    await report(api, first, LIVE)
    api.pass(ALIVE_MS - 1)
    await expect(publish(api, key)).rejects.toMatchObject({ code: Code.AlreadyExists })
    api.pass(1)
    expect(await publish(api, key)).toMatchObject({ broadcastId: first.broadcastId, epoch: 2 })
  })

  test('is judged by the database while kv is away: alive as long as it may have been heard of', async () => {
    const { kv } = api.library
    const { set, get } = kv
    const first = await publish(api, key)
    await report(api, first, LIVE)
    const away = async () => {
      throw new PortError('kv', 'unavailable', 'away')
    }
    Object.assign(kv, { set: away, get: away })
    try {
      api.pass(ALIVE_MS + REPORT_STEP_MS - 1)
      await expect(publish(api, key)).rejects.toMatchObject({ code: Code.AlreadyExists })
      api.pass(1)
      expect(await publish(api, key)).toMatchObject({ broadcastId: first.broadcastId, epoch: 2 })
    } finally {
      Object.assign(kv, { set, get })
    }
  })
})
