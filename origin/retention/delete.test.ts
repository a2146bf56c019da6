import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { KEY_FRAME_REACH_MS } from '../library/index.ts'
import { ENDED, report, START_MS } from '../library/testing.ts'
import { sweepRemovals } from './index.ts'
import { goLive, makeClip, makeReplay, record, retentionOf, stored } from './testing.ts'

let api: TestApi
let ada: Creator
let bob: Creator
beforeAll(async () => {
  api = await startApiForTests()
  ada = await signUp(api)
  bob = await signUp(api)
})
afterAll(() => api.close())
beforeEach(() => sweepRemovals(retentionOf(api)))

/** Whoever was still writing has stopped. */
const STRAGGLERS_MS = 10 * 60_000

async function removalOf(id: string) {
  const [row] = await api.library.db.select().from(schema.removals).where(eq(schema.removals.id, id))
  return row
}

const mediaOf = (id: string, numbers: readonly number[]) =>
  ['audio', 'source'].flatMap((rendition) => [
    `timelines/${id}/${rendition}/1/init.mp4`,
    ...numbers.map((number) => `timelines/${id}/${rendition}/1/s${number}.m4s`),
  ])

describe('deleting a video', () => {
  test('is for its owner only, and not while it is live', async () => {
    const grant = await goLive(api, ada, 1)
    const id = grant.broadcastId
    expect((await api.browser().delete(`/videos/${id}`)).status).toBe(401)
    expect((await bob.browser.delete(`/videos/${id}`)).status).toBe(403)
    expect(await ada.browser.delete(`/videos/${id}`)).toMatchObject({
      status: 409,
      body: { type: '/problems/still-live' },
    })
    expect((await ada.browser.get(`/videos/${id}`)).status).toBe(200)
    expect((await ada.browser.delete('/videos/01m81rwzr00000000000000002')).status).toBe(404)
    await report(api, grant, ENDED)
    expect((await ada.browser.delete(`/videos/${id}`)).status).toBe(204)
  })

  test('hides it at once, ends what plays, and is noted', async () => {
    const id = await makeReplay(api, ada)
    const { cursor } = await api.edge.listRevocations({ cursor: '' })
    expect((await ada.browser.delete(`/videos/${id}`)).status).toBe(204)
    expect((await api.browser().get(`/videos/${id}`)).status).toBe(404)
    expect((await api.browser().get(`/videos?channel=${ada.handle}`)).body.items).toEqual([])
    for (const kind of ['vod', 'live', 'dvr']) {
      await expect(api.edge.authorizePlayback({ kind, assetId: id })).rejects.toThrow(
        'There is no such video',
      )
    }
    const { revocations } = await api.edge.listRevocations({ cursor })
    expect(revocations.map(({ assetId }) => assetId)).toEqual([id])
    expect((await ada.browser.delete(`/videos/${id}`)).status).toBe(404)
    await api.audit.drain()
    const audited = await api.docs.find('audit', { equals: { action: 'video.deleted' } })
    expect(audited.items.map(({ body }) => body.videoId)).toContain(id)
  })

  test('frees all of its bytes, and nobody else’s', async () => {
    const other = await makeReplay(api, bob)
    const before = await stored(api)
    const id = await makeReplay(api, ada)
    const { blobs } = api.library
    await blobs.put(`thumbnails/${id}/1.jpg`, new Uint8Array(5), { contentType: 'image/jpeg' })
    // What a node stored and never came to list.
    await blobs.put(`timelines/${id}/source/1/s77.m4s`, new Uint8Array(5), { contentType: 'video/mp4' })
    expect((await stored(api)).length).toBe(before.length + 12 + 2)
    await ada.browser.delete(`/videos/${id}`)
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual(before)
    expect(await removalOf(id)).toMatchObject({ reason: 'owner' })
    expect((await removalOf(id))?.freedBytes).toBeGreaterThan(0)
    expect((await api.browser().get(`/videos/${other}`)).status).toBe(200)
  })

  test('leaves what a clip shows, until the clip is gone too', async () => {
    const before = await stored(api)
    const id = await makeReplay(api, ada, 40)
    const clip = await makeClip(api, bob, {
      videoId: id,
      startMs: START_MS + 4_500 + KEY_FRAME_REACH_MS,
      endMs: START_MS + 8_000 + KEY_FRAME_REACH_MS,
    })
    // And what decoding it may have to begin with.
    const shown = mediaOf(
      id,
      Array.from({ length: 2 + KEY_FRAME_REACH_MS / 2000 }, (_, i) => 2 + i),
    )
    // The file that it was made from, and pictures of all of it: no clip shows those.
    const sourceKey = `uploads/${id}.mp4`
    for (const key of [sourceKey, `timelines/${id}/storyboard/29922600.jpg`, `thumbnails/${id}/a.jpg`]) {
      await api.library.blobs.put(key, new Uint8Array(10), { contentType: 'image/jpeg' })
    }
    await api.library.db.update(schema.videos).set({ sourceKey }).where(eq(schema.videos.id, id))
    await ada.browser.delete(`/videos/${id}`)
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual([...before, ...shown].sort())
    const { timelineId } = await api.edge.authorizePlayback({ kind: 'clip', assetId: clip })
    expect(timelineId).toBe(id)

    // Nothing has changed: another sweep finds nothing.
    api.pass(61_000)
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual([...before, ...shown].sort())

    await api.library.db.delete(schema.clips).where(eq(schema.clips.id, clip))
    api.pass(61_000)
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual(before)
  })

  test('goes on where a sweep was cut short', async () => {
    const before = await stored(api)
    const id = await makeReplay(api, ada, 200)
    await ada.browser.delete(`/videos/${id}`)
    const closing = new AbortController()
    const deleteOnce = async (keys: readonly string[]) => {
      await api.library.blobs.delete(keys)
      closing.abort()
    }
    const deps = retentionOf(api, { closing, store: { delete: deleteOnce } })
    await sweepRemovals(deps)
    const half = await stored(api)
    expect(half.length).toBeGreaterThan(before.length)
    expect((await removalOf(id))?.sweepAt).not.toBeNull()
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual(before)
  })

  test('waits for a store that is away, and holds no other one up', async () => {
    const before = await stored(api)
    const [first, second] = [await makeReplay(api, ada), await makeReplay(api, bob)]
    await ada.browser.delete(`/videos/${first}`)
    await bob.browser.delete(`/videos/${second}`)
    const deleteOthers = async (keys: readonly string[]) => {
      if (keys.some((key) => key.includes(first))) throw new Error('the store is away')
      await api.library.blobs.delete(keys)
    }
    const deps = retentionOf(api, { store: { delete: deleteOthers } })
    await sweepRemovals(deps)
    expect(await stored(api)).toEqual([...before, ...mediaOf(first, [0, 1, 2, 3, 4])].sort())
    api.pass(31_000)
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual(before)
  })

  test('takes what a node brings later as well', async () => {
    const before = await stored(api)
    const grant = await goLive(api, ada, 3)
    await report(api, grant, ENDED)
    await ada.browser.delete(`/videos/${grant.broadcastId}`)
    await sweepRemovals(retentionOf(api))
    api.pass(STRAGGLERS_MS + 1000)
    await sweepRemovals(retentionOf(api))
    expect((await removalOf(grant.broadcastId))?.sweepAt).toBeNull()
    await record(api, grant, 3, 2)
    expect((await stored(api)).length).toBeGreaterThan(before.length)
    api.pass(61_000)
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual(before)
  })

  test('of a file ends its packaging and takes the file along', async () => {
    const { blobs, db } = api.library
    const before = await stored(api)
    await blobs.put('uploads/film.mp4', new Uint8Array(5), { contentType: 'video/mp4' })
    const about = { channelId: ada.channelId, title: 'Film', description: '', blobKey: 'uploads/film.mp4' }
    const { videoId } = await api.setup.importVideo({ ...about, importKey: 'film' })
    const claimed = await api.jobs.claim({ workerId: 'w1', waitMs: 1000 })
    const jobId = claimed.job?.id ?? ''
    expect((await ada.browser.delete(`/videos/${videoId}`)).status).toBe(204)
    const [job] = await db.select().from(schema.jobs).where(eq(schema.jobs.id, jobId))
    expect(job?.state).toBe('failed')
    await sweepRemovals(retentionOf(api))
    expect(await stored(api)).toEqual(before)
  })
})
