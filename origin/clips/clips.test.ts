import { EDGE_TOKEN_HEADER } from '@streamtube/contracts/headers.ts'
import { schema } from '@streamtube/db/index.ts'
import { eq, ne } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { EDGE_TOKEN, startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { KEY_FRAME_REACH_MS } from '../library/index.ts'
import { ENDED, LIVE, newKey, publish, renditions, report, segments } from '../library/testing.ts'
import { rangesHeldByClips } from './held.ts'
import { setClipPicture } from './picture.ts'
import { sweepClips } from './sweep.ts'

const SEGMENT_MS = 2_000

let api: TestApi
/** Streams; the others watch. */
let ada: Creator
let bob: Creator
let eve: Creator

beforeAll(async () => {
  api = await startApiForTests()
  ada = await signUp(api)
})
afterAll(() => api.close())
/** Somebody new each time: nobody's limit is another test's. */
beforeEach(async () => {
  ;[bob, eve] = [await signUp(api), await signUp(api)]
})

/** A broadcast of Ada's whose rows reach up to `trailMs` ago. */
async function stream(count: number, trailMs = 3_000) {
  const grant = await publish(api, await newKey(ada))
  await report(api, grant, LIVE)
  const { broadcastId: id } = grant
  const startMs = api.now() - trailMs - count * SEGMENT_MS
  const at = (sequence: number) => BigInt(Math.round(startMs + sequence * SEGMENT_MS))
  const append = async (
    from: number,
    more: number,
    change: { gap?: boolean; independent?: boolean } = {},
  ) => {
    const rows = segments(id, 1, from, more).map((row) => ({
      ...row,
      ...change,
      programTimeMs: at(Number(row.sequence)),
      ...(change.gap && { locator: '', sizeBytes: 0 }),
    }))
    await api.ingest.appendIndex({ timelineId: id, epoch: 1, renditions: renditions(), segments: rows })
  }
  await append(0, count)
  return { id, startMs, append, end: () => report(api, grant, ENDED) }
}

const media = (path: string) =>
  fetch(`${api.url}/media/${path}`, { headers: { [EDGE_TOKEN_HEADER]: EDGE_TOKEN } })
const sequencesIn = (playlist: string) =>
  [...playlist.matchAll(/\/s(\d+)\.m4s/g)].map((match) => Number(match[1]))

describe('a clip of what is live', () => {
  test('can be played at once, and is whole when the rows have come', async () => {
    const { id, startMs, append, end } = await stream(40)
    const answer = await bob.browser.post('/clips', { videoId: id, lastMs: 30_000, title: ' Goal! ' })
    expect(answer).toMatchObject({
      status: 201,
      body: { title: 'Goal!', isDraft: false, durationMs: 30_000 },
    })
    const { body: clip } = answer
    const granted = await api.edge.authorizePlayback({ kind: 'clip', assetId: clip.id })
    expect(granted.timelineId).toBe(id)
    const first = await media(`clip/${clip.id}/source.m3u8`)
    expect(first.headers.get('cache-control')).toBe('public, max-age=1')
    const early = await first.text()
    expect(early).toContain('#EXT-X-PLAYLIST-TYPE:EVENT')
    expect(early).not.toContain('#EXT-X-ENDLIST')
    expect(sequencesIn(early).at(-1)).toBe(39)

    await append(40, 2)
    const whole = await (await media(`clip/${clip.id}/source.m3u8`)).text()
    expect(whole).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
    expect(whole).toContain('#EXT-X-ENDLIST')
    expect(whole.startsWith(early.replace('EVENT', 'VOD'))).toBe(true)
    // The first segment holds the start, the last one the end.
    const [from = 0] = sequencesIn(whole)
    const startsAt = startMs + from * SEGMENT_MS + clip.view.startOffsetMs
    expect(clip.view.startOffsetMs).toBeLessThan(SEGMENT_MS)
    expect(clip.positionMs).toBeCloseTo(startsAt - startMs, -1)
    expect(await (await media(`clip/${clip.id}/master.m3u8`)).text()).toContain('source.m3u8')
    await end()
  })

  test('is what its maker saw, who may be behind', async () => {
    const { id, startMs, end } = await stream(40)
    const at = new Date(Math.round(startMs + 50_000)).toISOString()
    const { body } = await bob.browser.post('/clips', { videoId: id, lastMs: 20_000, at })
    expect(body.positionMs).toBeCloseTo(30_000, -1)
    const playlist = await (await media(`clip/${body.id}/source.m3u8`)).text()
    expect(playlist).toContain('#EXT-X-ENDLIST')
    expect(sequencesIn(playlist)).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24])
    await end()
  })

  test('does not wait for an end that never comes', async () => {
    const { id, end } = await stream(40)
    const { body } = await bob.browser.post('/clips', { videoId: id, lastMs: 30_000 })
    api.pass(61_000)
    expect(await (await media(`clip/${body.id}/source.m3u8`)).text()).toContain('#EXT-X-ENDLIST')
    const { durationMs } = (await api.browser().get(`/clips/${body.id}`)).body
    expect(durationMs).toBeGreaterThan(26_000)
    expect(durationMs).toBeLessThan(28_000)
    await end()
  })

  test('that has only begun is refused in words', async () => {
    const { id, end } = await stream(0)
    expect(await bob.browser.post('/clips', { videoId: id, lastMs: 30_000 })).toMatchObject({
      status: 409,
      body: { type: '/problems/conflict', detail: expect.stringContaining('just begun') },
    })
    await end()
  })
})

describe('a clip of a finished video', () => {
  let video: Awaited<ReturnType<typeof stream>>
  beforeAll(async () => {
    video = await stream(150)
    await video.end()
  })
  const make = (who: Creator, more: object = {}) =>
    who.browser.post('/clips', { videoId: video.id, startMs: 101_000, endMs: 131_000, ...more })

  test('begins and ends where it was told, in whole segments with the offset of its start', async () => {
    const { body: clip } = await make(bob)
    expect(clip).toMatchObject({
      positionMs: 101_000,
      durationMs: 30_000,
      view: { startOffsetMs: 1_000, durationMs: 30_000 },
      creator: { handle: bob.handle },
      video: { id: video.id, state: 'ready' },
    })
    const playlist = await (await media(`clip/${clip.id}/audio.m3u8`)).text()
    expect(sequencesIn(playlist)).toEqual(Array.from({ length: 16 }, (_, i) => 50 + i))
  })

  test('is there for everybody, and is listed with its channel and its video', async () => {
    const { body: clip } = await make(bob)
    const guest = api.browser()
    expect((await guest.get(`/clips/${clip.id}`)).body).toMatchObject({ id: clip.id, desk: null })
    for (const filter of [`channel=${ada.handle}`, `video=${video.id}`, 'limit=1']) {
      expect((await guest.get(`/clips?${filter}`)).body.items[0], filter).toMatchObject({ id: clip.id })
    }
    const { next } = (await guest.get('/clips?limit=1')).body
    expect((await guest.get(`/clips?cursor=${next}`)).body.items[0].id).not.toBe(clip.id)
    expect((await guest.get(`/clips?channel=${bob.handle}`)).body.items).toEqual([])
    expect((await guest.get('/clips?channel=nobody-here')).status).toBe(404)
    expect((await guest.post('/clips', { videoId: video.id, lastMs: 30_000 })).status).toBe(401)
  })

  test('is as long as its maker may: the owner of the channel takes more', async () => {
    const longer = { startMs: 0, endMs: 90_001 }
    expect(await make(bob, longer)).toMatchObject({ status: 400, body: { errors: [{ field: 'endMs' }] } })
    expect(await make(bob, { ...longer, endMs: 90_000 })).toMatchObject({ status: 201 })
    expect(await make(ada, longer)).toMatchObject({ status: 201, body: { durationMs: 90_001 } })
    expect((await make(bob, { lastMs: 30_000 })).status).toBe(400)
    expect((await bob.browser.post('/clips', { videoId: video.id })).status).toBe(400)
    expect((await bob.browser.post('/clips', { videoId: video.id, startMs: 5 })).status).toBe(400)
    const unknown = { videoId: '01kb0000000000000000000000', lastMs: 30_000 }
    expect((await bob.browser.post('/clips', unknown)).status).toBe(404)
  })

  test('is made once, however often the request comes', async () => {
    const post = (key: string) =>
      bob.browser.send(
        'POST',
        '/clips',
        { videoId: video.id, startMs: 0, endMs: 9_000 },
        {
          'sec-fetch-site': 'same-origin',
          'idempotency-key': key,
        },
      )
    const [first, again] = [await post('one'), await post('one')]
    expect(first.status).toBe(201)
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id } })
    expect((await post('two')).body.id).not.toBe(first.body.id)
    const [a, b] = await Promise.all([post('three'), post('three')])
    expect(a.body.id).toBe(b.body.id)
  })

  test('is a draft for its maker’s eyes until it is published', async () => {
    const { body: draft } = await make(bob, { draft: true })
    expect(draft).toMatchObject({ isDraft: true, desk: { maxDurationMs: 90_000, export: { state: 'none' } } })
    expect(draft.desk.take).toMatchObject({ positionMs: 41_000, startOffsetMs: 1_000, durationMs: 150_000 })
    for (const other of [eve.browser, api.browser()]) {
      expect((await other.get(`/clips/${draft.id}`)).status).toBe(404)
    }
    const takeList = await (await media(`clip/${draft.desk.take.id}/source.m3u8`)).text()
    expect(sequencesIn(takeList)).toHaveLength(76)
    const published = await bob.browser.patch(`/clips/${draft.id}`, {
      ...{ title: 'The best of it', startMs: 103_500, endMs: 112_250, publish: true },
    })
    expect(published).toMatchObject({
      status: 200,
      body: {
        ...{ isDraft: false, title: 'The best of it', positionMs: 103_500, durationMs: 8_750 },
        view: { startOffsetMs: 1_500, durationMs: 8_750 },
      },
    })
    expect((await api.browser().get(`/clips/${draft.id}`)).status).toBe(200)
    const list = await (await media(`clip/${draft.id}/source.m3u8`)).text()
    expect(sequencesIn(list)).toEqual([51, 52, 53, 54, 55, 56])
  })

  test('is trimmed within what was taken, and not beyond its limits', async () => {
    const { body: clip } = await make(bob)
    const trim = (startMs: number, endMs: number) =>
      bob.browser.patch(`/clips/${clip.id}`, { startMs, endMs })
    expect(await trim(41_000, 131_000)).toMatchObject({ status: 200, body: { durationMs: 90_000 } })
    expect(await trim(40_900, 60_000)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'startMs' }] },
    })
    expect(await trim(150_000, 191_100)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'endMs' }] },
    })
    expect(await trim(100_000, 104_999)).toMatchObject({ status: 400 })
    expect(await trim(100_000, 190_001)).toMatchObject({ status: 400 })
    expect(await bob.browser.patch(`/clips/${clip.id}`, { endMs: 120_000 })).toMatchObject({
      body: { positionMs: 41_000, durationMs: 79_000 },
    })
  })

  test('is changed and deleted by its maker and its channel’s owner alone', async () => {
    const { body: clip } = await make(bob)
    const path = `/clips/${clip.id}`
    expect((await eve.browser.patch(path, { title: 'Mine' })).status).toBe(403)
    expect((await eve.browser.delete(path)).status).toBe(403)
    expect((await eve.browser.post(`${path}/export`)).status).toBe(403)
    expect((await api.browser().delete(path)).status).toBe(401)
    expect((await eve.browser.get(path)).body.desk).toBeNull()
    expect(await ada.browser.patch(path, { title: 'Ada’s' })).toMatchObject({ body: { title: 'Ada’s' } })
    const takeId = (await bob.browser.get(path)).body.desk.take.id
    const { cursor } = await api.edge.listRevocations({ cursor: '' })
    expect((await ada.browser.delete(path)).status).toBe(204)
    // Whoever watches it, or trims it, is refused.
    const { revocations } = await api.edge.listRevocations({ cursor })
    expect(revocations.map(({ assetId }) => assetId)).toEqual(expect.arrayContaining([clip.id, takeId]))
    expect((await bob.browser.get(path)).status).toBe(404)
    expect((await media(`clip/${clip.id}/source.m3u8`)).status).toBe(404)
    await expect(api.edge.authorizePlayback({ kind: 'clip', assetId: clip.id })).rejects.toThrow()
  })

  test('begins at a key frame before it where it has none of its own', async () => {
    const other = await stream(10)
    await other.append(10, 3, { independent: false })
    await other.end()
    const body = { videoId: other.id, startMs: 23_000, endMs: 28_000 }
    await expect(bob.browser.post('/clips', body)).resolves.toMatchObject({ status: 400 })
    const { body: clip } = await bob.browser.post('/clips', { ...body, startMs: 21_000, endMs: 26_000 })
    expect(clip.view).toEqual({ startOffsetMs: 3_000, durationMs: 5_000 })
    const list = await (await media(`clip/${clip.id}/source.m3u8`)).text()
    expect(sequencesIn(list)).toEqual([9, 10, 11, 12])
  })

  test('leaves an interruption out, in its places too', async () => {
    const other = await stream(10)
    await other.append(10, 5, { gap: true })
    await other.append(15, 10)
    await other.end()
    const { body: clip } = await bob.browser.post('/clips', {
      videoId: other.id,
      startMs: 15_000,
      endMs: 25_000,
    })
    expect(clip).toMatchObject({ durationMs: 10_000, view: { startOffsetMs: 1_000, durationMs: 10_000 } })
    const list = await (await media(`clip/${clip.id}/source.m3u8`)).text()
    expect(sequencesIn(list)).toEqual([7, 8, 9, 15, 16, 17])
    expect(list).toContain('#EXT-X-DISCONTINUITY')
  })

  test('more than sixty in ten minutes are refused', async () => {
    const key = `clip:person:${(await bob.browser.get('/session')).body.person.id}`
    for (let i = 0; i < 59; i++) await api.library.kv.increment(key, { ttlMs: 600_000 })
    expect((await make(bob)).status).toBe(201)
    const refused = await make(bob)
    expect(refused).toMatchObject({ status: 429, body: { type: '/problems/too-many-attempts' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('holds its segments, and plays on when its video is deleted', async () => {
    const { db } = api.library
    const other = await stream(60)
    await other.end()
    const { body: clip } = await bob.browser.post('/clips', {
      videoId: other.id,
      startMs: 60_000,
      endMs: 70_000,
    })
    const held = async () => (await rangesHeldByClips(db, [other.id])).get(other.id)
    const fromMs = Math.round(other.startMs) + 60_000
    expect(await held()).toEqual([{ fromMs: fromMs - KEY_FRAME_REACH_MS, toMs: fromMs + 10_000 }])
    const { body: draft } = await bob.browser.post('/clips', {
      ...{ videoId: other.id, startMs: 60_000, endMs: 70_000, draft: true },
    })
    expect((await held())?.[1]).toEqual({
      fromMs: Math.round(other.startMs) - KEY_FRAME_REACH_MS,
      toMs: Math.round(other.startMs) + 120_000,
    })
    await bob.browser.delete(`/clips/${draft.id}`)

    await db.delete(schema.videos).where(eq(schema.videos.id, other.id))
    await db.delete(schema.broadcasts).where(eq(schema.broadcasts.id, other.id))
    expect((await api.browser().get(`/clips/${clip.id}`)).body).toMatchObject({
      video: null,
      durationMs: 10_000,
    })
    expect((await media(`clip/${clip.id}/source.m3u8`)).status).toBe(200)
    expect(await api.edge.locate({ timelineId: other.id })).toMatchObject({ liveUrl: '' })
    expect(await held()).toHaveLength(1)
    expect(await bob.browser.patch(`/clips/${clip.id}`, { endMs: 68_000 })).toMatchObject({
      body: { positionMs: 60_000, durationMs: 8_000 },
    })
  })
})

describe('the file of a clip', () => {
  const bytes = new Uint8Array(1000).map((_, i) => i % 251)
  let videoId: string
  beforeAll(async () => {
    const video = await stream(60)
    await video.end()
    videoId = video.id
  })

  /** Takes the job of this clip's file; those of pictures are nobody's business here. */
  async function claimExport(clipId: string) {
    await api.library.db.delete(schema.jobs).where(ne(schema.jobs.kind, 'clip-export'))
    const { job } = await api.jobs.claim({ workerId: 'worker', waitMs: 0 })
    if (job?.task.case !== 'clipExport') throw new Error('no such job')
    expect(job.task.value.clipId).toBe(clipId)
    return { id: job.id, task: job.task.value }
  }
  const exportOf = async (id: string) => (await bob.browser.get(`/clips/${id}`)).body.desk.export

  test('is made when asked for, says how far it is, and is downloaded under the clip’s title', async () => {
    const { body: clip } = await bob.browser.post('/clips', {
      videoId,
      startMs: 11_000,
      endMs: 21_000,
      title: 'Goal!',
    })
    expect((await bob.browser.get(`/clips/${clip.id}/file`)).status).toBe(404)
    expect(await bob.browser.post(`/clips/${clip.id}/export`)).toMatchObject({
      status: 202,
      body: { desk: { export: { state: 'waiting' } } },
    })
    await bob.browser.post(`/clips/${clip.id}/export`)
    const job = await claimExport(clip.id)
    const prefix = `timelines/${videoId}`
    expect(job.task.runs).toMatchObject([
      {
        video: { initKey: `${prefix}/source/1/init.mp4`, startMs: 1000, endMs: 11_000 },
        audio: { initKey: `${prefix}/audio/1/init.mp4`, startMs: 1000, endMs: 11_000 },
      },
    ])
    expect(job.task.runs[0]?.video?.segmentKeys).toEqual(
      [5, 6, 7, 8, 9, 10].map((n) => `${prefix}/source/1/s${n}.m4s`),
    )
    await api.jobs.heartbeat({ jobId: job.id, workerId: 'worker', progress: 0.5 })
    expect(await exportOf(clip.id)).toMatchObject({ state: 'running', progress: 0.5, url: null })

    const blobKey = job.task.blobKey
    await expect(api.jobs.setClipExport({ clipId: clip.id, blobKey, frames: 300 })).rejects.toThrow()
    await api.library.blobs.put(blobKey, bytes, { contentType: 'video/mp4' })
    expect(await api.jobs.setClipExport({ clipId: clip.id, blobKey, frames: 300 })).toMatchObject({
      outdated: false,
    })
    await api.jobs.finish({ jobId: job.id, workerId: 'worker', error: '', retryable: false })
    expect(await exportOf(clip.id)).toMatchObject({
      state: 'ready',
      sizeBytes: 1000,
      frames: 300,
      url: `/api/v1/clips/${clip.id}/file`,
    })

    const cookie = `session=${bob.browser.cookie}`
    const get = (headers: object) =>
      fetch(`${api.url}/api/v1/clips/${clip.id}/file`, { headers: { cookie, ...headers } })
    const file = await get({})
    expect(file.headers.get('content-type')).toBe('video/mp4')
    expect(file.headers.get('content-disposition')).toContain('filename="Goal!.mp4"')
    expect(file.headers.get('cache-control')).toBe('private, no-cache')
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes)
    const part = await get({ range: 'bytes=10-19' })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 10-19/1000')
    expect((await fetch(`${api.url}/api/v1/clips/${clip.id}/file`)).status).toBe(401)
    expect((await eve.browser.get(`/clips/${clip.id}/file`)).status).toBe(403)
  })

  test('is of no use once the clip was trimmed, and goes; so do those that have expired', async () => {
    const { blobs } = api.library
    const { body: clip } = await bob.browser.post('/clips', { videoId, startMs: 30_000, endMs: 40_000 })
    const make = async () => {
      await bob.browser.post(`/clips/${clip.id}/export`)
      const job = await claimExport(clip.id)
      const blobKey = job.task.blobKey
      await blobs.put(blobKey, bytes, { contentType: 'video/mp4' })
      return { blobKey, jobId: job.id }
    }
    const old = await make()
    await bob.browser.patch(`/clips/${clip.id}`, { endMs: 39_000 })
    const tell = { clipId: clip.id, blobKey: old.blobKey, frames: 300 }
    expect(await api.jobs.setClipExport(tell)).toMatchObject({ outdated: true })
    await api.jobs.finish({ jobId: old.jobId, workerId: 'worker', error: '', retryable: false })
    expect(await exportOf(clip.id)).toMatchObject({ state: 'none' })

    const fresh = await make()
    await api.jobs.setClipExport({ ...tell, blobKey: fresh.blobKey })
    await api.jobs.finish({ jobId: fresh.jobId, workerId: 'worker', error: '', retryable: false })
    api.pass(2 * 3_600_000)
    await sweepClips(api.library)
    expect(await blobs.head(old.blobKey)).toBeNull()
    expect(await blobs.head(fresh.blobKey)).not.toBeNull()
    api.pass(7 * 24 * 3_600_000)
    await sweepClips(api.library)
    expect(await blobs.head(fresh.blobKey)).toBeNull()
  })

  test('that can’t be made says so', async () => {
    const { body: clip } = await bob.browser.post('/clips', { videoId, startMs: 50_000, endMs: 60_000 })
    await bob.browser.post(`/clips/${clip.id}/export`)
    const job = await claimExport(clip.id)
    await api.jobs.finish({ jobId: job.id, workerId: 'worker', error: 'broken', retryable: false })
    expect(await exportOf(clip.id)).toMatchObject({ state: 'failed' })
  })
})

test('a draft that nobody publishes is gone after an hour; a clip stays', async () => {
  const video = await stream(30)
  await video.end()
  const make = async (draft: boolean) =>
    (await bob.browser.post('/clips', { videoId: video.id, startMs: 0, endMs: 10_000, draft })).body.id
  const [draft, clip] = [await make(true), await make(false)]
  await sweepClips(api.library)
  expect((await bob.browser.get(`/clips/${draft}`)).status).toBe(200)
  api.pass(3_600_001)
  await sweepClips(api.library)
  expect((await bob.browser.get(`/clips/${draft}`)).status).toBe(404)
  expect((await bob.browser.get(`/clips/${clip}`)).status).toBe(200)
})

test('a clip’s older pictures go when it gets another, and all of them with the clip', async () => {
  const video = await stream(30)
  await video.end()
  const { body: clip } = await bob.browser.post('/clips', { videoId: video.id, startMs: 0, endMs: 10_000 })
  const prefix = `thumbnails/${clip.id}/`
  const pictures = async () => (await api.library.blobs.list({ prefix })).items.map(({ key }) => key)
  // The store dates pictures by the machine's clock, which the other tests' clock has left behind.
  const give = async (name: string, laterMs = 0) => {
    const blobKey = `${prefix}${name}.jpg`
    await api.library.blobs.put(blobKey, new Uint8Array(10), { contentType: 'image/jpeg' })
    await setClipPicture({ ...api.library, now: () => Date.now() + laterMs }, { clipId: clip.id, blobKey })
  }
  await give('a')
  await give('b')
  // Pages still show the first one.
  expect(await pictures()).toEqual([`${prefix}a.jpg`, `${prefix}b.jpg`])
  await give('c', 11 * 60_000)
  expect(await pictures()).toEqual([`${prefix}c.jpg`])
  await bob.browser.delete(`/clips/${clip.id}`)
  expect(await pictures()).toEqual([])
  await give('d')
  expect(await pictures()).toEqual([])
})
