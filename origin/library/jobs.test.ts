import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { backOffMs, LEASE_MS } from './jobs.ts'
import { ENDED, LIVE, NODE_URL, newKey, publish, renditions, report, segments } from './testing.ts'

let api: TestApi
let ada: Creator
beforeAll(async () => {
  api = await startApiForTests()
  ada = await signUp(api)
})
afterAll(() => api.close())
beforeEach(async () => {
  // Sweeps ask for the small pictures of every video there is, also of an earlier test's.
  await api.library.db.update(schema.videos).set({ storyboardDone: true })
  await api.library.db.delete(schema.jobs)
})

let imports = 0
async function importVideo() {
  imports++
  const request = {
    channelId: ada.channelId,
    title: 'A film',
    description: '',
    blobKey: `uploads/film${imports}.mp4`,
    importKey: `film ${imports}`,
  }
  const { videoId } = await api.setup.importVideo(request)
  return { videoId, request }
}
const claim = (workerId: string, waitMs = 0) => api.jobs.claim({ workerId, waitMs })
const videoOf = async (id: string) => (await api.browser().get(`/videos/${id}`)).body

describe('an import', () => {
  test('makes one video however often it is asked for, and plays when its last segments are in', async () => {
    const { videoId, request } = await importVideo()
    expect(await api.setup.importVideo(request)).toMatchObject({ videoId, playable: false })
    expect(await videoOf(videoId)).toMatchObject({ state: 'processing', origin: 'file', durationMs: null })

    const { job, leaseMs } = await claim('worker')
    expect(leaseMs).toBe(LEASE_MS)
    expect(job?.task).toMatchObject({ case: 'package', value: { videoId, blobKey: request.blobKey } })
    expect((await claim('other')).job).toBeUndefined()
    const batch = { timelineId: videoId, epoch: 1, renditions: renditions() }
    await api.jobs.appendTimeline({ ...batch, segments: segments(videoId, 1, 0, 5), complete: false })
    expect((await videoOf(videoId)).state).toBe('processing')
    await api.jobs.appendTimeline({ ...batch, segments: segments(videoId, 1, 5, 5), complete: true })
    expect(await videoOf(videoId)).toMatchObject({ state: 'ready', durationMs: 20_000, height: 720 })
    await api.jobs.finish({ jobId: job?.id ?? '', workerId: 'worker', error: '', retryable: false })
    expect(await api.setup.importVideo(request)).toMatchObject({ videoId, playable: true })
    expect((await claim('worker')).job).toBeUndefined()
  })
})

describe('a job', () => {
  test('goes to one worker, of many that ask at once', async () => {
    await importVideo()
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((worker) => claim(worker)))
    expect(claims.filter(({ job }) => job)).toHaveLength(1)
  })

  test('wakes a worker that waits', async () => {
    const waiting = claim('waiting', 5000)
    const { videoId } = await importVideo()
    expect((await waiting).job?.task.value).toMatchObject({ videoId })
  })

  test('whose worker vanishes goes to another one, and the first has lost it', async () => {
    await importVideo()
    const { job } = await claim('first')
    const mine = { jobId: job?.id ?? '', workerId: 'first', progress: 0.5 }
    api.pass(LEASE_MS - 1000)
    expect(await api.jobs.heartbeat(mine)).toMatchObject({ cancelled: false })
    api.pass(LEASE_MS - 1000)
    expect((await claim('second')).job).toBeUndefined()
    api.pass(2000)
    expect((await claim('second')).job).toMatchObject({ id: job?.id, attempt: 2 })
    expect(await api.jobs.heartbeat(mine)).toMatchObject({ cancelled: true })
    await api.jobs.finish({ ...mine, error: 'late', retryable: false })
    const [row] = await api.library.db.select().from(schema.jobs).where(eq(schema.jobs.id, mine.jobId))
    expect(row).toMatchObject({ state: 'running', workerId: 'second' })
  })

  test('that fails is tried again after a pause, a few times; then its video has failed', async () => {
    const { videoId, request } = await importVideo()
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { job } = await claim('worker')
      expect(job).toMatchObject({ attempt })
      await api.jobs.finish({ jobId: job?.id ?? '', workerId: 'worker', error: 'no disk', retryable: true })
      expect((await claim('worker')).job).toBeUndefined()
      api.pass(backOffMs(attempt) + 1)
    }
    expect((await claim('worker')).job).toBeUndefined()
    expect((await videoOf(videoId)).state).toBe('failed')
    expect(await api.setup.importVideo(request)).toMatchObject({ videoId, playable: false })
    expect((await videoOf(videoId)).state).toBe('processing')
  })

  test('that can never work fails at once, and so does one whose every worker vanished', async () => {
    const broken = await importVideo()
    const { job } = await claim('worker')
    await api.jobs.finish({ jobId: job?.id ?? '', workerId: 'worker', error: 'no video', retryable: false })
    expect((await videoOf(broken.videoId)).state).toBe('failed')

    const cursed = await importVideo()
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect((await claim(`victim ${attempt}`)).job).toMatchObject({ attempt })
      api.pass(LEASE_MS + 1)
    }
    expect((await claim('survivor')).job).toBeUndefined()
    await api.work.sweep()
    expect((await videoOf(cursed.videoId)).state).toBe('failed')
  })
})

describe('pictures of a live broadcast', () => {
  test('are asked for again every two minutes while it is live, one job at a time', async () => {
    const bob = await signUp(api)
    const grant = await publish(api, await newKey(bob))
    await report(api, grant, LIVE)
    await api.work.queueThumbnail(grant.broadcastId)
    await api.work.queueThumbnail(grant.broadcastId)
    await api.work.sweep()
    const { job } = await claim('worker')
    const value = { videoId: grant.broadcastId, timelineId: grant.broadcastId, liveUrl: NODE_URL }
    expect(job?.task).toMatchObject({ case: 'thumbnail', value })
    expect((await claim('worker')).job).toBeUndefined()
    await api.jobs.finish({ jobId: job?.id ?? '', workerId: 'worker', error: '', retryable: false })

    await api.work.sweep()
    expect((await claim('worker')).job).toBeUndefined()
    api.pass(121_000)
    await api.work.sweep()
    expect((await claim('worker')).job?.task.case).toBe('thumbnail')
  })

  test('are not taken when it has ended meanwhile', async () => {
    const bob = await signUp(api)
    const grant = await publish(api, await newKey(bob))
    await report(api, grant, LIVE)
    await api.work.queueThumbnail(grant.broadcastId)
    await report(api, grant, ENDED)
    expect((await claim('worker')).job).toBeUndefined()
  })

  test('are not tried of sound alone', async () => {
    const bob = await signUp(api)
    const { broadcastId, epoch } = await publish(api, await newKey(bob))
    await api.ingest.reportStreams({
      reports: [{ broadcastId, epoch, state: LIVE, health: {}, nodeUrl: NODE_URL }],
    })
    await api.work.queueThumbnail(broadcastId)
    await api.work.sweep()
    const jobs = await api.library.db.select().from(schema.jobs).where(eq(schema.jobs.subject, broadcastId))
    expect(jobs).toEqual([])
  })
})
