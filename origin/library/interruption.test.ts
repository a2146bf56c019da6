import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { advance } from './advance.ts'
import { SILENT_MS } from './alive.ts'
import { createHearing } from './hearing.ts'
import { tendBroadcasts } from './life.ts'
import { JUST_ENDED_MS } from './publishers.ts'
import { ENDED, INTERRUPTED, LIVE, newKey, OFFERED, publish, report } from './testing.ts'

const WINDOW_MS = 60_000

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

const status = async () => (await ada.browser.get(`/channels/${ada.channelId}/live`)).body
const watch = async (id: string) => (await api.browser().get(`/videos/${id}`)).body
const wait = (seconds: number) =>
  ada.browser.patch(`/channels/${ada.channelId}`, { reconnectWindowSeconds: seconds })
const end = () => ada.browser.post(`/channels/${ada.channelId}/live/end`)
/** What time alone does to one broadcast. */
const tend = async ({ broadcastId }: { broadcastId: string }) =>
  (await tendBroadcasts(api.library)).find((tended) => tended.broadcastId === broadcastId)

async function goLive() {
  const grant = await publish(api, key)
  await report(api, grant, LIVE)
  return grant
}

describe('a broadcast whose encoder is away', () => {
  test('waits for it, and says since when and until when, to its creator and to viewers', async () => {
    await wait(55)
    const grant = await goLive()
    expect(await status()).toMatchObject({ state: 'live', interrupted: null, lastReturn: null })
    expect(await watch(grant.broadcastId)).toMatchObject({ state: 'live', interruptedUntil: null })
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: false })
    const { state, interrupted, health, video } = await status()
    expect({ state, health }).toEqual({ state: 'interrupted', health: null })
    expect(Date.parse(interrupted.since)).toBe(api.now())
    expect(Date.parse(interrupted.until) - Date.parse(interrupted.since)).toBe(55_000)
    expect(video).toMatchObject({ id: grant.broadcastId, state: 'live', interruptedUntil: interrupted.until })
    expect(await watch(grant.broadcastId)).toMatchObject({ interruptedUntil: interrupted.until })
    const listed = await api.browser().get(`/videos?state=live&channel=${ada.handle}`)
    expect(listed.body.items).toMatchObject([{ id: grant.broadcastId, interruptedUntil: interrupted.until }])
    await report(api, grant, LIVE)
    expect(await status()).toMatchObject({ state: 'live', interrupted: null })
    expect(await watch(grant.broadcastId)).toMatchObject({ state: 'live', interruptedUntil: null })
  })

  test('is over when its window is, not before; its node hears why', async () => {
    const grant = await goLive()
    await report(api, grant, INTERRUPTED)
    api.pass(WINDOW_MS - 1)
    expect(await tend(grant)).toBeUndefined()
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: false })
    api.pass(1)
    expect(await tend(grant)).toMatchObject({ state: 'ended', reason: 'window-over' })
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: true, reason: 'window-over' })
    expect(await status()).toMatchObject({ state: 'idle', interrupted: null })
    expect((await watch(grant.broadcastId)).state).toBe('ended')
    expect((await publish(api, key)).broadcastId).not.toBe(grant.broadcastId)
  })

  test('ends with its encoder where the window is 0; the window is the one that it began with', async () => {
    await wait(0)
    const grant = await goLive()
    await wait(600)
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: true, reason: 'over' })
    const next = await publish(api, key)
    expect(next.broadcastId).not.toBe(grant.broadcastId)
    expect(next.settings).toMatchObject({ reconnectWindowSeconds: 600 })
  })

  test('waits anew for an encoder that came and went, and as long as one is there without a picture', async () => {
    const first = await goLive()
    await report(api, first, INTERRUPTED)
    api.pass(WINDOW_MS - 1000)
    const second = await publish(api, key)
    expect(second.broadcastId).toBe(first.broadcastId)
    for (let passed = 0; passed < 2 * WINDOW_MS; passed += 4000) {
      api.pass(4000)
      expect(await report(api, second, OFFERED)).toMatchObject({ end: false })
      expect(await tend(second)).toBeUndefined()
    }
    expect((await status()).state).toBe('interrupted')
    await report(api, second, INTERRUPTED)
    api.pass(WINDOW_MS - 1000)
    await report(api, second, INTERRUPTED)
    expect(await tend(second)).toBeUndefined()
    api.pass(1000)
    expect(await tend(second)).toMatchObject({ state: 'ended' })
  })

  test('ends at once when its creator ends it, and refuses the key for a moment', async () => {
    const grant = await goLive()
    await report(api, grant, INTERRUPTED)
    expect((await end()).status).toBe(204)
    expect((await status()).state).toBe('idle')
    expect((await watch(grant.broadcastId)).state).toBe('ended')
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: true, reason: 'ended-by-creator' })
    await expect(publish(api, key)).rejects.toMatchObject({
      rawMessage: expect.stringContaining('ended on the site'),
    })
    expect((await end()).status).toBe(409)
    api.pass(JUST_ENDED_MS + 1)
    expect((await publish(api, key)).broadcastId).not.toBe(grant.broadcastId)
  })

  test('ends when its key is replaced', async () => {
    const grant = await goLive()
    await report(api, grant, INTERRUPTED)
    const fresh = await newKey(ada)
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: true, reason: 'key-replaced' })
    expect((await publish(api, fresh)).broadcastId).not.toBe(grant.broadcastId)
  })

  test('that never was live waits for nobody', async () => {
    const grant = await publish(api, key)
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: true, reason: 'over' })
    expect(await status()).toMatchObject({ state: 'idle' })
    expect(await publish(api, key)).toMatchObject({ broadcastId: grant.broadcastId, epoch: 2 })
  })
})

describe('a broadcast whose node says nothing', () => {
  test('is interrupted since it was heard last, live again when it is heard, over when its window is', async () => {
    const grant = await goLive()
    api.pass(3000)
    await report(api, grant, LIVE)
    const heardMs = api.now()
    api.pass(SILENT_MS - 1)
    expect(await tend(grant)).toBeUndefined()
    api.pass(1)
    expect(await tend(grant)).toMatchObject({ state: 'interrupted', reason: null })
    const { state, interrupted } = await status()
    expect(state).toBe('interrupted')
    expect(Date.parse(interrupted.since)).toBe(heardMs)
    expect(await report(api, grant, LIVE)).toMatchObject({ end: false })
    expect((await status()).state).toBe('live')
    api.pass(WINDOW_MS + 1000)
    expect(await tend(grant)).toMatchObject({ state: 'ended', reason: 'window-over' })
  })

  test('is not ended by a short window before the node counts as silent', async () => {
    await wait(1)
    const grant = await goLive()
    api.pass(SILENT_MS - 1000)
    expect(await tend(grant)).toBeUndefined()
    expect(await report(api, grant, LIVE)).toMatchObject({ end: false })
    await report(api, grant, INTERRUPTED)
    api.pass(500)
    await report(api, grant, INTERRUPTED)
    api.pass(501)
    expect(await tend(grant)).toMatchObject({ state: 'ended' })
  })

  test('is given the time to report who was let in, however short the window', async () => {
    await wait(1)
    const first = await goLive()
    await report(api, first, INTERRUPTED)
    const second = await publish(api, key)
    api.pass(SILENT_MS - 1)
    expect(await tend(second)).toBeUndefined()
    api.pass(1)
    expect(await tend(second)).toMatchObject({ state: 'ended', reason: 'window-over' })
  })

  test('counts as silent only to a process that has listened all the while, also with nobody to miss', async () => {
    // What earlier tests left is over: nobody is missed.
    api.pass(3_600_000)
    await tendBroadcasts(api.library)
    const hearingSinceMs = createHearing(api.now)
    const library = { ...api.library, hearingSinceMs }
    const listen = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1000) {
        api.pass(1000)
        await tendBroadcasts(library)
      }
    }
    await listen(SILENT_MS)
    await goLive()
    await listen(SILENT_MS)
    expect((await status()).state).toBe('interrupted')
  })

  test('is not interrupted when it was heard in the meantime', async () => {
    const { broadcastId, epoch } = await goLive()
    const events = [{ type: 'silent', sinceMs: api.now() }] as const
    const meanwhile = { broadcastId, epoch, events, health: null, unheardSince: new Date(api.now() - 1) }
    expect(await advance(api.library, meanwhile)).toBeNull()
    expect((await status()).state).toBe('live')
  })

  test('waits for no time in which nobody could be heard or let in', async () => {
    const grant = await goLive()
    await report(api, grant, INTERRUPTED)
    api.pass(10 * WINDOW_MS)
    api.beginToHear()
    api.pass(WINDOW_MS - 1000)
    expect(await tend(grant)).toBeUndefined()
    expect((await publish(api, key)).broadcastId).toBe(grant.broadcastId)
  })

  test('that went on with an interrupted one keeps others out once it is heard of again', async () => {
    const first = await goLive()
    await report(api, first, INTERRUPTED)
    const second = await publish(api, key)
    await report(api, second, LIVE)
    api.pass(SILENT_MS + 1000)
    expect(await tend(second)).toMatchObject({ state: 'interrupted' })
    await report(api, second, OFFERED)
    await expect(publish(api, key)).rejects.toThrow()
    const [row] = await api.library.db
      .select()
      .from(schema.broadcasts)
      .where(eq(schema.broadcasts.id, first.broadcastId))
    expect(row).toMatchObject({ state: 'interrupted', remoteAddress: '203.0.113.1' })
    await report(api, second, ENDED)
    expect((await status()).state).toBe('idle')
  })
})
