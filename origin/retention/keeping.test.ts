import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { ENDED, report } from '../library/testing.ts'
import { expireReplays, keepFree, sweepRemovals } from './index.ts'
import { goLive, makeReplay, retentionOf, stored } from './testing.ts'

let api: TestApi
let ada: Creator
let bob: Creator
beforeAll(async () => {
  api = await startApiForTests()
})
afterAll(() => api.close())
beforeEach(async () => {
  await api.library.db.delete(schema.videos)
  await sweepRemovals(retentionOf(api))
  ada = await signUp(api)
  bob = await signUp(api)
})

const DAY_MS = 24 * 3_600_000
const MIB = 1024 * 1024

async function videosOf(creator: Creator): Promise<string[]> {
  const { items } = (await api.browser().get(`/videos?channel=${creator.handle}`)).body
  return items.map(({ id }: { id: string }) => id)
}

async function removalsOf(creator: Creator) {
  const answer = await creator.browser.get(`/channels/${creator.handle}/removals`)
  expect(answer.status).toBe(200)
  return answer.body.items
}

describe('replays', () => {
  test('go when they are older than their channel keeps them, and no sooner', async () => {
    await ada.browser.patch(`/channels/${ada.handle}`, { retentionDays: 7 })
    const [mine, kept] = [await makeReplay(api, ada), await makeReplay(api, bob)]
    api.pass(7 * DAY_MS - 60_000)
    await expireReplays(retentionOf(api))
    expect(await videosOf(ada)).toEqual([mine])
    api.pass(61_000)
    await expireReplays(retentionOf(api))
    expect(await videosOf(ada)).toEqual([])
    expect(await videosOf(bob)).toEqual([kept])
    expect(await removalsOf(ada)).toMatchObject([{ videoId: mine, reason: 'retention' }])
  })

  test('stay for ever again when their channel says so', async () => {
    await ada.browser.patch(`/channels/${ada.handle}`, { retentionDays: 1 })
    const mine = await makeReplay(api, ada)
    await ada.browser.patch(`/channels/${ada.handle}`, { retentionDays: null })
    api.pass(400 * DAY_MS)
    await expireReplays(retentionOf(api))
    expect(await videosOf(ada)).toEqual([mine])
  })

  test('that are live or were uploaded are no matter of age', async () => {
    await ada.browser.patch(`/channels/${ada.handle}`, { retentionDays: 1 })
    const grant = await goLive(api, ada, 1)
    api.pass(2 * DAY_MS)
    await expireReplays(retentionOf(api))
    expect(await videosOf(ada)).toEqual([grant.broadcastId])
    await report(api, grant, ENDED)
  })
})

describe('a disk that is nearly full', () => {
  const disk = (freeBytes: number | null) => retentionOf(api, { store: { freeBytes: async () => freeBytes } })

  test('costs the oldest replay of all, one after the other, until enough is free', async () => {
    const [oldest, second] = [await makeReplay(api, ada), await makeReplay(api, bob)]
    api.pass(1000)
    const newest = await makeReplay(api, ada)
    const before = await stored(api)

    for (const enough of [500 * MIB, 501 * MIB, null]) {
      await keepFree(disk(enough), 500 * MIB)
      expect(await stored(api)).toEqual(before)
      expect(await videosOf(bob)).toEqual([second])
    }
    await keepFree(disk(500 * MIB - 1), 500 * MIB)
    expect(await videosOf(ada)).toEqual([newest])
    // What is deleted must be given back before the next one goes.
    const deletes = async () => {
      throw new Error('the store deletes nothing')
    }
    await sweepRemovals(retentionOf(api, { store: { delete: deletes } }))
    await keepFree(disk(0), 500 * MIB)
    expect(await videosOf(bob)).toEqual([second])
    api.pass(31_000)
    await sweepRemovals(disk(0))
    expect((await stored(api)).filter((key) => key.includes(oldest))).toEqual([])
    await keepFree(disk(500 * MIB), 500 * MIB)
    expect(await videosOf(bob)).toEqual([second])
    await keepFree(disk(0), 500 * MIB)
    expect(await videosOf(bob)).toEqual([])
    expect(await videosOf(ada)).toEqual([newest])
    await sweepRemovals(disk(0))
  })

  test('never costs what is live, and leaves uploaded files alone', async () => {
    const live = await goLive(api, ada, 2)
    const mine = await makeReplay(api, bob)
    await api.library.db.update(schema.videos).set({ origin: 'file' }).where(eq(schema.videos.id, mine))
    for (let time = 0; time < 3; time++) {
      await keepFree(disk(0), 500 * MIB)
      await sweepRemovals(disk(0))
    }
    expect(await videosOf(ada)).toEqual([live.broadcastId])
    expect(await videosOf(bob)).toEqual([mine])
    await report(api, live, ENDED)
  })

  test('is told to whoever lost a replay, until the notice is put away', async () => {
    const gone = await makeReplay(api, ada)
    await keepFree(disk(0), 500 * MIB)
    await sweepRemovals(disk(0))
    const [notice] = await removalsOf(ada)
    expect(notice).toMatchObject({ videoId: gone, reason: 'disk', durationMs: 10_000 })
    expect(notice.title).not.toBe('')
    expect(await removalsOf(bob)).toEqual([])
    const path = `/channels/${ada.handle}/removals`
    expect((await bob.browser.get(path)).status).toBe(403)
    expect((await bob.browser.post(`${path}/seen`, { until: notice.removedAt })).status).toBe(403)

    api.pass(1000)
    const later = await makeReplay(api, ada)
    await keepFree(disk(0), 500 * MIB)
    await sweepRemovals(disk(0))
    expect((await ada.browser.post(`${path}/seen`, { until: notice.removedAt })).status).toBe(204)
    // Not what its creator has not seen.
    expect(await removalsOf(ada)).toMatchObject([{ videoId: later }])
    // What was deleted by hand is no news.
    const own = await makeReplay(api, ada)
    await ada.browser.delete(`/videos/${own}`)
    expect(await removalsOf(ada)).toHaveLength(1)
  })
})
