import { EDGE_TOKEN_HEADER } from '@streamtube/contracts/headers.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { EDGE_TOKEN, startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { minuteOf } from './minute.ts'
import { nextSheets, sheetKey } from './storyboard.ts'
import { ENDED, LIVE, newKey, publish, renditions, report, START_MS, segments } from './testing.ts'

let api: TestApi
let id: string
let grant: Awaited<ReturnType<typeof publish>>
const FIRST = minuteOf(START_MS)

beforeAll(async () => {
  api = await startApiForTests()
  grant = await publish(api, await newKey(await signUp(api)))
  id = grant.broadcastId
  await report(api, grant, LIVE)
})
afterAll(() => api.close())

async function append(from: number, count: number, change = {}): Promise<void> {
  const some = segments(id, 1, from, count).map((segment) => ({ ...segment, ...change }))
  await api.ingest.appendIndex({ timelineId: id, epoch: 1, renditions: renditions(), segments: some })
}
const next = () => nextSheets(api.library, id)
async function done(): Promise<void> {
  const work = await next()
  if (!work) throw new Error('there is nothing to do')
  await api.jobs.setStoryboard({ videoId: id, nextMinute: work.nextMinute, done: work.done })
}
const shown = async () => (await api.browser().get(`/videos/${id}`)).body.storyboard

test('a live stream has sheets of the minutes that are over, a picture for every five seconds', async () => {
  await append(0, 75)
  expect(await shown()).toBeNull()
  const work = await next()
  expect(work).toMatchObject({ width: 160, height: 90, nextMinute: FIRST + 2, done: false })
  expect(work?.sheets.map(({ minute }) => minute)).toEqual([FIRST, FIRST + 1])
  const [sheet] = work?.sheets ?? []
  // Segments of 2 s: the first that begins in the picture's time.
  expect(sheet?.pictures.map((picture) => picture?.segmentKey)).toEqual(
    [0, 3, 5, 8, 10, 13, 15, 18, 20, 23, 25, 28].map((n) => `timelines/${id}/source/1/s${n}.m4s`),
  )
  expect(sheet?.pictures[0]?.initKey).toBe(`timelines/${id}/source/1/init.mp4`)
  await done()
  expect(await shown()).toMatchObject({ timelineId: id, untilMs: (FIRST + 2) * 60_000 })
})

test('what is lost has no picture, and a minute without any has no sheet', async () => {
  // Two minutes of gaps, then ten seconds.
  await append(75, 60, { gap: true, sizeBytes: 0, independent: false, locator: '' })
  await append(135, 20)
  const work = await next()
  expect(work).toMatchObject({ nextMinute: FIRST + 5 })
  expect(work?.sheets.map(({ minute }) => minute)).toEqual([FIRST + 2, FIRST + 4])
  const [broken] = work?.sheets ?? []
  // Thirty seconds are there; shortly after them the last picture stands.
  expect(broken?.pictures.map((picture) => picture !== null)).toEqual([
    ...Array.from({ length: 9 }, () => true),
    ...Array.from({ length: 3 }, () => false),
  ])
  await done()
})

test('a finished one has them of all its minutes, and is done', async () => {
  await report(api, grant, ENDED)
  const work = await next()
  expect(work).toMatchObject({ nextMinute: FIRST + 6, done: true })
  await done()
  expect(await next()).toBeNull()
  expect(await shown()).toMatchObject({ untilMs: (FIRST + 6) * 60_000 })
  // A worker that was slow changes nothing.
  await api.jobs.setStoryboard({ videoId: id, nextMinute: FIRST + 1, done: false })
  expect(await shown()).toMatchObject({ untilMs: (FIRST + 6) * 60_000 })
})

test('a sheet is served to edges alone', async () => {
  await api.library.blobs.put(sheetKey(id, FIRST), new Uint8Array(9), { contentType: 'image/jpeg' })
  const path = `${api.url}/media/m/${id}/storyboard/${FIRST}.jpg`
  const answer = await fetch(path, { headers: { [EDGE_TOKEN_HEADER]: EDGE_TOKEN } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('image/jpeg')
  expect((await fetch(path)).status).toBe(401)
})
