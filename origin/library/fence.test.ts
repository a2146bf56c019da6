import { Code } from '@connectrpc/connect'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { ENDED, INTERRUPTED, LIVE, newKey, publish, renditions, report, segments } from './testing.ts'
import { readTimeline } from './timeline.ts'

let api: TestApi
let timelineId: string
let key: string
/** First number of the second epoch. */
let second: number
beforeAll(async () => {
  api = await startApiForTests({ stillClock: true })
})
afterAll(() => api.close())
beforeEach(async () => {
  key = await newKey(await signUp(api))
  const first = await publish(api, key)
  await report(api, first, LIVE)
  timelineId = first.broadcastId
  await append(1, own(1, 0, 3))
  await report(api, first, INTERRUPTED)
  const next = await publish(api, key)
  expect(next).toMatchObject({ broadcastId: timelineId, epoch: 2 })
  second = Number(next.firstSequence)
  await report(api, next, LIVE)
})

type Rows = ReturnType<typeof segments>
const own = (epoch: number, from: number, count: number) => segments(timelineId, epoch, from, count)
const append = (epoch: number, rows: Rows) =>
  api.ingest.appendIndex({ timelineId, epoch, renditions: renditions(), segments: rows })
/** What a follower says of numbers that it found lost, each as late as `lateMs` in program time. */
const gaps = (epoch: number, from: number, count: number, lateMs = 0): Rows =>
  own(epoch, from, count).map((row) => ({
    ...row,
    programTimeMs: row.programTimeMs + BigInt(lateMs),
    gap: true,
    independent: false,
    sizeBytes: 0,
    locator: '',
  }))
/** By rendition: the number of each entry, negative for a gap. */
const numbers = async () =>
  (await readTimeline(api.library.db, timelineId)).map(({ segments: entries }) =>
    entries.map(({ sequence, gap }) => (gap ? -sequence : sequence)),
  )
const twice = (row: number[]) => [row, row]

describe('what an older epoch still has to say', () => {
  test('of its own numbers is taken, in the place of what its follower listed as lost', async () => {
    await append(2, [...gaps(1, 3, 4), ...own(2, second, 2)])
    expect(await numbers()).toEqual(twice([0, 1, 2, -3, -4, -5, -6, second, second + 1]))
    await append(1, own(1, 2, 3))
    expect(await numbers()).toEqual(twice([0, 1, 2, 3, 4, -5, -6, second, second + 1]))
  })

  test('is in the index once, though its gap was listed in another minute, or comes after it', async () => {
    await append(2, gaps(1, 3, 4, 90_000))
    await append(1, own(1, 3, 2))
    expect(await numbers()).toEqual(twice([0, 1, 2, 3, 4, -5, -6]))
    await append(1, own(1, 5, 2))
    await append(2, gaps(1, 3, 5, 120_000))
    expect(await numbers()).toEqual(twice([0, 1, 2, 3, 4, 5, 6, -7]))
    await append(2, gaps(1, 7, 1, 180_000))
    expect(await numbers()).toEqual(twice([0, 1, 2, 3, 4, 5, 6, -7]))
  })

  test('is its own, though the gap was listed as another one’s', async () => {
    await report(api, { broadcastId: timelineId, epoch: 2 }, INTERRUPTED)
    const third = await publish(api, key)
    await append(third.epoch, gaps(1, second, 1))
    await append(2, own(2, second, 1))
    const [source] = await readTimeline(api.library.db, timelineId)
    expect(source?.segments.at(-1)).toMatchObject({ sequence: second, epoch: 2, gap: false })
  })

  test('of a number past its own is refused, and what is its own is taken all the same', async () => {
    await append(2, own(2, second, 1))
    const past = append(1, own(1, second - 1, 2))
    await expect(past).rejects.toMatchObject({ code: Code.FailedPrecondition })
    await expect(append(1, gaps(1, second, 1))).rejects.toMatchObject({ code: Code.FailedPrecondition })
    expect(await numbers()).toEqual(twice([0, 1, 2, second - 1, second]))
    const [source] = await readTimeline(api.library.db, timelineId)
    expect(source?.segments.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 2])
  })

  test('takes no number from the epochs that follow', async () => {
    await append(1, own(1, second - 1, 1))
    const { firstSequence } = await api.ingest.reserveSequences({ timelineId, epoch: 2, count: 1 })
    expect(Number(firstSequence)).toBeGreaterThan(second)
  })

  test('makes the recording longer when it comes after the end', async () => {
    await append(2, own(2, second, 2))
    await report(api, { broadcastId: timelineId, epoch: 2 }, ENDED)
    const video = async () => (await api.browser().get(`/videos/${timelineId}`)).body
    expect(await video()).toMatchObject({ state: 'ready', durationMs: 10_000 })
    await append(1, own(1, 3, 1))
    expect(await video()).toMatchObject({ state: 'ready', durationMs: 12_000 })
  })
})

test('the newest epoch has no segments of numbers that were an older one’s', async () => {
  const below = append(2, own(2, second - 1, 2))
  await expect(below).rejects.toMatchObject({ code: Code.FailedPrecondition })
  expect(await numbers()).toEqual(twice([0, 1, 2, second]))
})

test('an epoch that never was has nothing to say', async () => {
  await expect(append(3, own(3, second + 1, 1))).rejects.toMatchObject({ code: Code.FailedPrecondition })
  expect(await numbers()).toEqual(twice([0, 1, 2]))
})
