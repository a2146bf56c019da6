import { Code } from '@connectrpc/connect'
import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { readTail, tailOf } from './tail.ts'
import { LIVE, newKey, publish, renditions, report, START_MS, segments } from './testing.ts'
import { readTimeline } from './timeline.ts'

let api: TestApi
let timelineId: string
const epoch = 1
beforeAll(async () => {
  api = await startApiForTests()
})
afterAll(() => api.close())
beforeEach(async () => {
  const grant = await publish(api, await newKey(await signUp(api)))
  await report(api, grant, LIVE)
  timelineId = grant.broadcastId
})

const append = (batch: ReturnType<typeof segments>) =>
  api.ingest.appendIndex({ timelineId, epoch, renditions: renditions(), segments: batch })

describe('the timeline index', () => {
  test('is the same when segments come twice, shuffled and at once; a row is a minute of a rendition', async () => {
    const all = segments(timelineId, epoch, 0, 65)
    const shuffled = [...all].sort((a, b) => Number(((a.sequence * 37n) % 65n) - ((b.sequence * 37n) % 65n)))
    const batches = [shuffled.slice(0, 50), shuffled.slice(30, 100), shuffled.slice(100), all.slice(10, 20)]
    await Promise.all(batches.map(append))
    await append(all)

    const rows = await api.library.db
      .select()
      .from(schema.timelineIndex)
      .where(eq(schema.timelineIndex.timelineId, timelineId))
    expect(rows).toHaveLength(6)
    const timeline = await readTimeline(api.library.db, timelineId)
    expect(timeline.map(({ info }) => info)).toMatchObject([
      { id: 'source', codecs: 'avc1.64001f', frameRate: 30 },
      { id: 'audio', channels: 2 },
    ])
    for (const { info, segments: listed } of timeline) {
      expect(listed.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 65 }, (_, i) => i))
      expect(listed[64]).toMatchObject({ dts: 128 * info.timescale, duration: 2 * info.timescale, epoch })
    }
    const header = await api.library.blobs.get(`timelines/${timelineId}/source/1/init.mp4`)
    expect(await new Response(header?.body).text()).toBe('source header')
    expect(header?.contentType).toBe('video/mp4')
  })

  test.each([
    ['a locator that isn’t its blob key', { locator: 'secrets/master.key' }],
    ['a rendition id out of the grammar', { renditionId: '../source' }],
    ['another epoch than its batch', { epoch: 2 }],
    ['a number beyond what JavaScript counts', { dts: 2n ** 60n }],
  ])('refuses %s', async (_, change) => {
    const batch = segments(timelineId, epoch, 0, 1).map((segment) => ({ ...segment, ...change }))
    await expect(append(batch)).rejects.toMatchObject({ code: Code.InvalidArgument })
    expect(await readTimeline(api.library.db, timelineId)).toEqual([])
  })

  test('has the same end whether all of it is read or only what a returning publisher needs', async () => {
    const marked = new Map([
      [40, { discontinuity: true, header: 40n }],
      [41, { discontinuity: true, header: 41n }],
      [330, { header: 330n }],
      [395, { discontinuity: true }],
    ])
    const all = segments(timelineId, epoch, 0, 400).map((segment) => ({
      ...segment,
      ...marked.get(Number(segment.sequence)),
    }))
    await append(all)
    const { db } = api.library
    const whole = await readTimeline(db, timelineId)
    for (const sequence of [399, 395, 370, 331, 60, 31]) {
      const nowMs = START_MS + sequence * 2000 + 60_000
      const tail = await readTail(db, { timelineId, epoch: 2, nowMs })
      expect(tail).toEqual(tailOf(whole, 2, nowMs - 60_000))
      expect(tail.renditions[0]?.segments).toHaveLength(400 - sequence)
    }
    const later = await readTail(db, { timelineId, epoch: 2, nowMs: START_MS + 3_600_000 })
    expect(later).toEqual({ renditions: [], discontinuitySequence: 3 })
  })

  test('refuses an unknown timeline', async () => {
    const batch = { timelineId: '01kb0000000000000000000000', epoch, renditions: [], segments: [] }
    await expect(api.ingest.appendIndex(batch)).rejects.toMatchObject({ code: Code.NotFound })
  })
})
