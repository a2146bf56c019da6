import { EDGE_TOKEN_HEADER } from '@streamtube/contracts/headers.ts'
import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { EDGE_TOKEN, startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { GrowingTimelines } from './growing.ts'
import { minuteOf } from './minute.ts'
import { ENDED, LIVE, newKey, publish, renditions, report, START_MS, segments } from './testing.ts'
import { readTimeline } from './timeline.ts'

let api: TestApi
let creator: Creator
let id: string
let grant: Awaited<ReturnType<typeof publish>>

beforeAll(async () => {
  api = await startApiForTests()
  creator = await signUp(api)
  grant = await publish(api, await newKey(creator))
  id = grant.broadcastId
  await report(api, grant, LIVE)
  await append(0, 90)
})
afterAll(() => api.close())

async function append(from: number, count: number): Promise<void> {
  const batch = { timelineId: id, epoch: 1, renditions: renditions(), segments: segments(id, 1, from, count) }
  await api.ingest.appendIndex(batch)
}

async function allow(minutes: number): Promise<void> {
  await api.library.db
    .update(schema.channels)
    .set({ dvrMinutes: minutes })
    .where(eq(schema.channels.id, creator.channelId))
}

function get(path: string) {
  return fetch(`${api.url}/media/dvr/${id}/${path}`, { headers: { [EDGE_TOKEN_HEADER]: EDGE_TOKEN } })
}
const numbers = (text: string) => [...text.matchAll(/\/s(\d+)\.m4s/g)].map(([, number]) => Number(number))
const authorise = () => api.edge.authorizePlayback({ kind: 'dvr', assetId: id, sessionToken: '' })

describe('a broadcast that goes on', () => {
  test('can be watched from its start, with what has come since', async () => {
    await allow(240)
    expect((await authorise()).timelineId).toBe(id)
    const master = await (await get('master.m3u8')).text()
    expect(master).toContain('source.m3u8')
    expect((await api.browser().get(`/videos/${id}`)).body).toMatchObject({ dvrMs: 240 * 60_000 })
    const first = await get('source.m3u8')
    // One request of an edge in about a segment's time, for all its viewers.
    expect(first.headers.get('cache-control')).toBe('public, max-age=1, s-maxage=2')
    expect(numbers(await first.text())).toHaveLength(90)
    await append(90, 2)
    const text = await (await get('source.m3u8')).text()
    expect(numbers(text)).toHaveLength(92)
    expect(text).not.toContain('#EXT-X-ENDLIST')
    const delta = await (await get('source.m3u8?_HLS_skip=YES')).text()
    expect(delta).toContain('#EXT-X-SKIP:SKIPPED-SEGMENTS=80\n')
  })

  test('goes back no further than its channel allows, in all renditions alike', async () => {
    await allow(1)
    const [video, audio] = await Promise.all(
      ['source', 'audio'].map(async (name) => numbers(await (await get(`${name}.m3u8`)).text())),
    )
    expect(video).toHaveLength(30)
    expect(audio).toEqual(video)
  })

  test('has no DVR where its channel allows none', async () => {
    await allow(0)
    await expect(authorise()).rejects.toThrow(/only be watched live/)
    expect((await api.browser().get(`/videos/${id}`)).body).toMatchObject({ dvrMs: 0 })
    expect((await get('source.m3u8')).status).toBe(404)
  })

  test('is complete in its DVR playlist when it has ended', async () => {
    await allow(240)
    await report(api, grant, ENDED)
    const text = await (await get('source.m3u8')).text()
    expect(numbers(text)).toHaveLength(92)
    expect(text.endsWith('#EXT-X-ENDLIST\n')).toBe(true)
    // Whoever comes now watches the video.
    await expect(authorise()).rejects.toThrow(/over/)
    expect((await api.browser().get(`/videos/${id}`)).body).toMatchObject({ dvrMs: null })
  })
})

describe('a timeline that grows', () => {
  test('reads as the whole one', async () => {
    const growing = new GrowingTimelines(api.library.db, () => 0)
    const same = async () => expect(await growing.read(id)).toEqual(await readTimeline(api.library.db, id))
    await append(92, 108)
    await same()
    await append(200, 40)
    await same()
    await append(250, 3)
    await same()
  })

  test('has what came late to an older minute, within a minute', async () => {
    let nowMs = 0
    const growing = new GrowingTimelines(api.library.db, () => nowMs)
    await growing.read(id)
    const { db } = api.library
    const isFirst = eq(schema.timelineIndex.minute, minuteOf(START_MS))
    // As if its first minute had come in only now.
    await db
      .update(schema.timelineIndex)
      .set({ flags: [2, 2, 2] })
      .where(isFirst)
    const marks = async () => (await growing.read(id))[0]?.segments.filter((s) => s.discontinuity).length
    expect(await marks()).toBe(0)
    nowMs = 60_001
    expect(await marks()).toBe(3)
  })
})
