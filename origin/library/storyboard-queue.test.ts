import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { queueStoryboards } from './storyboard-queue.ts'
import { LIVE, newKey, publish, report } from './testing.ts'

const { jobs, videos } = schema
const MINUTE_MS = 60_000

let api: TestApi
let id: string
/** When the stream began. */
let startMs: number

beforeAll(async () => {
  api = await startApiForTests()
  const grant = await publish(api, await newKey(await signUp(api)))
  id = grant.broadcastId
  await report(api, grant, LIVE)
  startMs = api.now()
})
afterAll(() => api.close())

/** Takes the jobs away, as done or failed at a time. */
async function end(state: 'done' | 'failed', atMs: number): Promise<void> {
  await api.library.db
    .update(jobs)
    .set({ state, createdAt: new Date(atMs), finishedAt: new Date(atMs) })
    .where(eq(jobs.kind, 'storyboard'))
}
const set = (change: Partial<typeof videos.$inferInsert>) =>
  api.library.db.update(videos).set(change).where(eq(videos.id, id))
const queue = (nowMs: number) => queueStoryboards(api.library.db, nowMs)

test('a live stream is due when a minute of it is over, once at a time and not again and again', async () => {
  expect(await queue(startMs + MINUTE_MS)).toBe(false)
  const dueMs = startMs + MINUTE_MS + 15_000
  expect(await queue(dueMs)).toBe(true)
  expect(await queue(dueMs)).toBe(false)
  await end('done', dueMs)
  expect(await queue(dueMs + 29_000)).toBe(false)
  expect(await queue(dueMs + 31_000)).toBe(true)
  await end('done', dueMs + 31_000)
  // Up to date: the minute that goes on has no sheet yet.
  await set({ storyboardMinute: Math.floor((dueMs + MINUTE_MS) / MINUTE_MS) })
  expect(await queue(dueMs + MINUTE_MS + 10_000)).toBe(false)
  expect(await queue(dueMs + 3 * MINUTE_MS)).toBe(true)
})

test('a finished video is due until it is done, and a while after a failure', async () => {
  const nowMs = startMs + 10 * MINUTE_MS
  await end('done', nowMs)
  await set({ state: 'ready' })
  expect(await queue(nowMs)).toBe(true)
  await end('failed', nowMs)
  expect(await queue(nowMs + 3_599_000)).toBe(false)
  expect(await queue(nowMs + 3_601_000)).toBe(true)
  await end('done', nowMs)
  await set({ storyboardDone: true })
  expect(await queue(nowMs)).toBe(false)
})

test('sound alone has no pictures', async () => {
  await set({ storyboardDone: false, width: null })
  expect(await queue(startMs + 20 * MINUTE_MS)).toBe(false)
})
