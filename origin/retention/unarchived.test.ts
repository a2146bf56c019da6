import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { ENDED, newKey, publish, report, START_MS } from '../library/testing.ts'
import { giveUpUnarchived, sweepRemovals, trimUnarchived } from './index.ts'
import { goLive, makeClip, record, retentionOf, stored } from './testing.ts'

let api: TestApi
let ada: Creator
beforeAll(async () => {
  api = await startApiForTests()
  ada = await signUp(api)
  await api.library.db
    .update(schema.channels)
    .set({ archive: false, dvrMinutes: 2 })
    .where(eq(schema.channels.id, ada.channelId))
})
afterAll(() => api.close())

const numbersIn = (keys: readonly string[]) =>
  keys.flatMap((key) => (/source\/1\/s(\d+)\.m4s$/.exec(key)?.[1] ?? []) as string[]).map(Number)

test('a stream that is not archived keeps as much as its viewers may go back, and what clips show', async () => {
  const grant = await goLive(api, ada, 240)
  const clip = await makeClip(api, ada, {
    videoId: grant.broadcastId,
    startMs: START_MS + 62_000,
    endMs: START_MS + 64_000,
  })
  const sheet = (minute: number) =>
    `timelines/${grant.broadcastId}/storyboard/${START_MS / 60_000 + minute}.jpg`
  for (const minute of [0, 3, 4, 7]) {
    await api.library.blobs.put(sheet(minute), new Uint8Array(10), { contentType: 'image/jpeg' })
  }
  // The eight minutes that were recorded are over by now.
  api.pass(START_MS + 8 * 60_000 - api.now())
  await trimUnarchived(retentionOf(api))
  const kept = numbersIn(await stored(api)).sort((a, b) => a - b)
  // Two minutes and two of margin before minute 8, and what the clip begins to decode with.
  const fromMinute4 = Array.from({ length: 120 }, (_, i) => 120 + i)
  expect(kept.filter((number) => number >= 120)).toEqual(fromMinute4)
  expect(kept.filter((number) => number < 120)).toEqual([25, 26, 27, 28, 29, 30, 31])
  expect((await stored(api)).filter((key) => key.endsWith('.jpg'))).toEqual([sheet(4), sheet(7)])
  const rows = await api.library.db
    .select()
    .from(schema.timelineIndex)
    .where(eq(schema.timelineIndex.timelineId, grant.broadcastId))
  expect(Math.min(...rows.flatMap(({ sequences }) => sequences))).toBe(25)

  await report(api, grant, ENDED)
  await giveUpUnarchived(api.library.db, { broadcastId: grant.broadcastId, nowMs: api.now() })
  await sweepRemovals(retentionOf(api))
  expect(numbersIn(await stored(api)).length).toBe(kept.length)
  await api.library.db.delete(schema.clips).where(eq(schema.clips.id, clip))
  api.pass(2 * 60_000 + 1000)
  await sweepRemovals(retentionOf(api))
  expect((await stored(api)).filter((key) => key.includes(grant.broadcastId))).toEqual([])
  // Its page stays, and says that nothing was kept.
  expect((await api.browser().get(`/videos/${grant.broadcastId}`)).body.state).toBe('ended')
})

test('a clip of its last seconds is whole, though they come after the end', async () => {
  const grant = await goLive(api, ada, 5)
  const range = { startMs: START_MS + 8_000, endMs: START_MS + 12_000 }
  await makeClip(api, ada, { videoId: grant.broadcastId, ...range })
  await report(api, grant, ENDED)
  await giveUpUnarchived(api.library.db, { broadcastId: grant.broadcastId, nowMs: api.now() })
  await record(api, grant, 5, 2)
  const kept = async () =>
    numbersIn((await stored(api)).filter((key) => key.includes(grant.broadcastId))).sort((a, b) => a - b)
  // Not before nobody's player ends with it.
  api.pass(119_000)
  await sweepRemovals(retentionOf(api))
  expect(await kept()).toEqual([0, 1, 2, 3, 4, 5, 6])
  api.pass(2_000)
  await sweepRemovals(retentionOf(api))
  // With what the clip begins to decode with; and nothing that comes now.
  await record(api, grant, 7, 1)
  const rows = await api.library.db
    .select()
    .from(schema.timelineIndex)
    .where(eq(schema.timelineIndex.timelineId, grant.broadcastId))
  const listed = rows.flatMap(({ sequences }) => sequences)
  expect([Math.max(...listed), (await kept()).includes(6)]).toEqual([5, false])
})

test('a stream that is not archived is recorded only where its viewers may go back', async () => {
  const recorded = async (dvrMinutes: number) => {
    const creator = await signUp(api)
    await api.library.db
      .update(schema.channels)
      .set({ archive: false, dvrMinutes })
      .where(eq(schema.channels.id, creator.channelId))
    return (await publish(api, await newKey(creator))).settings?.archive
  }
  expect([await recorded(0), await recorded(1)]).toEqual([false, true])
})

test('what is archived is not touched by that', async () => {
  const bob = await signUp(api)
  const grant = await goLive(api, bob, 5)
  const before = await stored(api)
  api.pass(24 * 3_600_000)
  await trimUnarchived(retentionOf(api))
  await report(api, grant, ENDED)
  await giveUpUnarchived(api.library.db, { broadcastId: grant.broadcastId, nowMs: api.now() })
  api.pass(600_000)
  await sweepRemovals(retentionOf(api))
  expect(await stored(api)).toEqual(before)
})
