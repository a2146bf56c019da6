import { newId } from '@streamtube/contracts/ids.ts'
import { schema } from '@streamtube/db/index.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'

let api: TestApi
let ada: Creator
let bob: Creator
const START_MS = Date.parse('2026-11-22T12:00:00Z')

beforeAll(async () => {
  api = await startApiForTests()
  ada = await signUp(api)
  bob = await signUp(api)
  // Three videos share each start, so that their order is a matter of their ids.
  for (let i = 0; i < 12; i++) await addVideo(ada, START_MS + Math.floor(i / 3) * 1000, `Video ${i}`)
})
afterAll(() => api.close())

async function addVideo(
  creator: Creator,
  startedAtMs: number,
  title: string,
  state: 'live' | 'ready' | 'processing' | 'failed' | 'ended' = 'ready',
): Promise<string> {
  const id = newId()
  await api.library.db.insert(schema.videos).values({
    id,
    channelId: creator.channelId,
    timelineId: id,
    origin: 'file',
    state,
    title,
    startedAt: new Date(startedAtMs),
  })
  return id
}

describe('the list of videos', () => {
  test('comes in pages, newest first; what is added meanwhile neither repeats nor hides one', async () => {
    const whole = (await api.browser().get(`/videos?channel=${ada.handle}&limit=100`)).body
    expect(whole.items).toHaveLength(12)
    expect(whole.next).toBeNull()
    const titles = whole.items.map(({ title }: { title: string }) => title)
    const seen: string[] = []
    let cursor = ''
    for (let page = 0; page < 10; page++) {
      const answer = await api.browser().get(`/videos?channel=${ada.handle}&limit=5${cursor}`)
      seen.push(...answer.body.items.map(({ title }: { title: string }) => title))
      if (page === 0) await addVideo(ada, START_MS + 60_000, 'added meanwhile')
      if (answer.body.next === null) break
      cursor = `&cursor=${answer.body.next}`
    }
    expect(seen).toEqual(titles)
  })

  test('shows live and ready ones only, each kind apart on request', async () => {
    const live = await addVideo(bob, START_MS, 'on air', 'live')
    const ready = await addVideo(bob, START_MS, 'recorded')
    for (const state of ['processing', 'failed', 'ended'] as const)
      await addVideo(bob, START_MS, state, state)
    const ids = async (query: string) =>
      (await api.browser().get(`/videos?channel=${bob.handle}${query}`)).body.items.map(
        ({ id }: { id: string }) => id,
      )
    expect((await ids('')).sort()).toEqual([live, ready].sort())
    expect(await ids('&state=live')).toEqual([live])
    expect(await ids('&state=ready')).toEqual([ready])
  })

  test.each([
    ['?cursor=nonsense', 400, 'cursor'],
    ['?limit=1000', 400, 'limit'],
    ['?limit=0', 400, 'limit'],
    ['?state=failed', 400, 'state'],
  ])('answers %s with %i', async (query, status, field) => {
    const answer = await api.browser().get(`/videos${query}`)
    expect(answer).toMatchObject({ status, body: { errors: [{ field }] } })
  })

  test('of an unknown channel is 404', async () => {
    expect((await api.browser().get('/videos?channel=nobody-here')).status).toBe(404)
  })
})

describe('a video', () => {
  test('is changed by its owner only', async () => {
    const id = await addVideo(ada, START_MS, 'Before')
    const changes = { title: ' <b>After</b> ', description: 'Words' }
    expect((await bob.browser.patch(`/videos/${id}`, changes)).status).toBe(403)
    expect(await ada.browser.patch(`/videos/${id}`, changes)).toMatchObject({
      status: 200,
      body: { title: '<b>After</b>', description: 'Words' },
    })
    expect((await ada.browser.patch(`/videos/${id}`, { title: ' ' })).status).toBe(400)
    expect((await ada.browser.patch(`/videos/${newId()}`, changes)).status).toBe(404)
  })
})
