import { Code } from '@connectrpc/connect'
import { newId } from '@streamtube/contracts/ids.ts'
import { schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { ENDED, INTERRUPTED, LIVE, newKey, publish, report } from '../library/testing.ts'

let api: TestApi
let operator: Creator
let ada: Creator
let key: string
beforeAll(async () => {
  api = await startApiForTests({ stillClock: true })
  operator = await signUp(api)
})
afterAll(() => api.close())
beforeEach(async () => {
  ada = await signUp(api)
  key = await newKey(ada)
})

const ban = (creator = ada, by = operator) =>
  by.browser.send('PUT', `/channels/${creator.handle}/ban`, { reason: 'It shows what is not its own' })
const lift = (creator = ada, by = operator) => by.browser.delete(`/channels/${creator.handle}/ban`)
const status = async () => (await ada.browser.get(`/channels/${ada.channelId}/live`)).body
const bannedAt = async () => (await ada.browser.get('/session')).body.channels[0].bannedAt
const play = (kind: string, assetId: string) =>
  api.edge.authorizePlayback({ kind, assetId, sessionToken: '' })

const listed = async ({ handle }: Creator): Promise<string[]> =>
  (await api.browser().get(`/videos?channel=${handle}`)).body.items.map(({ id }: { id: string }) => id)

const listedClips = async (query: string): Promise<string[]> =>
  (await api.browser().get(`/clips?${query}`)).body.items.map(({ id }: { id: string }) => id)

async function goLive() {
  const grant = await publish(api, key)
  await report(api, grant, LIVE)
  return grant
}

async function addVideo(channelId: string): Promise<string> {
  const id = newId()
  const startedAt = new Date(api.now())
  await api.library.db
    .insert(schema.videos)
    .values({ id, channelId, timelineId: id, origin: 'file', state: 'ready', title: 'A video', startedAt })
  return id
}

async function addClip(timelineId: string): Promise<{ id: string; takeId: string }> {
  const ids = { id: newId(), takeId: newId() }
  const [creator] = await api.library.db.select().from(schema.people).limit(1)
  const range = { startMs: 0, endMs: 5000, takeStartMs: 0, takeEndMs: 5000, positionMs: 0 }
  const of = { timelineId, channelId: ada.channelId, creatorId: creator?.id ?? '' }
  const createdAt = new Date(api.now())
  await api.library.db.insert(schema.clips).values({ ...ids, ...of, ...range, title: 'A clip', createdAt })
  return ids
}

describe('a ban', () => {
  test('ends the stream that is on, refuses others in clear words, and can be lifted', async () => {
    const grant = await goLive()
    expect(await bannedAt()).toBeNull()
    expect((await ban()).status).toBe(204)
    expect(await bannedAt()).toBe(new Date(api.now()).toISOString())
    expect(await report(api, grant, LIVE)).toMatchObject({ end: true, reason: 'banned' })
    await report(api, grant, ENDED)
    expect((await status()).state).toBe('idle')
    await expect(publish(api, key)).rejects.toMatchObject({
      code: Code.PermissionDenied,
      rawMessage: expect.stringContaining('suspended by the operator'),
    })
    expect((await lift()).status).toBe(204)
    expect(await bannedAt()).toBeNull()
    expect((await publish(api, key)).broadcastId).not.toBe(grant.broadcastId)
  })

  test('ends at once what waits for its encoder', async () => {
    const grant = await goLive()
    await report(api, grant, INTERRUPTED)
    await ban()
    expect((await status()).state).toBe('idle')
    expect(await report(api, grant, INTERRUPTED)).toMatchObject({ end: true })
  })

  test('cuts off who watches anything of the channel, once, and nobody else', async () => {
    const grant = await goLive()
    const video = await addVideo(ada.channelId)
    const { id: clip, takeId: take } = await addClip(video)
    const bob = await signUp(api)
    const his = await addVideo(bob.channelId)
    const { cursor } = await api.edge.listRevocations({ cursor: '' })
    await ban()
    await ban()
    const { revocations } = await api.edge.listRevocations({ cursor })
    expect(revocations.map(({ assetId }) => assetId).sort()).toEqual(
      [grant.broadcastId, video, clip, take].sort(),
    )
    for (const [kind, id] of [
      ['live', grant.broadcastId],
      ['vod', video],
    ] as const) {
      await expect(play(kind, id)).rejects.toMatchObject({
        code: Code.PermissionDenied,
        rawMessage: expect.stringContaining('suspended by the operator'),
      })
    }
    expect(await play('vod', his)).toMatchObject({ timelineId: his })
    expect(await listed(ada)).toEqual([])
    expect(await listed(bob)).toEqual([his])
    await lift()
    expect(await listed(ada)).toEqual(expect.arrayContaining([grant.broadcastId, video]))
    expect(await play('vod', video)).toMatchObject({ timelineId: video })
  })

  test('takes its clips out of every list, until it is lifted', async () => {
    const { id } = await addClip(await addVideo(ada.channelId))
    await api.library.db
      .update(schema.clips)
      .set({ publishedAt: new Date(api.now()) })
      .where(eq(schema.clips.id, id))
    const lists = [`channel=${ada.handle}`, 'limit=50']
    for (const query of lists) expect(await listedClips(query)).toContain(id)
    await ban()
    for (const query of lists) expect(await listedClips(query)).not.toContain(id)
    await lift()
    for (const query of lists) expect(await listedClips(query)).toContain(id)
  })

  test('is in the audit log with who, what and why, when something changed', async () => {
    await ban()
    await ban()
    await lift()
    await lift()
    await api.audit.drain()
    const { items } = await api.docs.find('audit', { equals: { channelId: ada.channelId } })
    const about = items.map(({ body }) => body)
    expect(about.filter(({ action }) => action === 'channel.banned')).toMatchObject([
      { reason: 'It shows what is not its own', personId: expect.any(String), requestId: expect.any(String) },
    ])
    expect(about.filter(({ action }) => action === 'channel.ban-lifted')).toHaveLength(1)
  })

  test('is for the first account of the site alone, with a reason', async () => {
    expect((await ban(operator, ada)).status).toBe(403)
    expect((await lift(operator, ada)).status).toBe(403)
    expect((await api.browser().send('PUT', `/channels/${ada.handle}/ban`, { reason: 'x' })).status).toBe(401)
    const path = `/channels/${ada.handle}/ban`
    expect((await operator.browser.send('PUT', path, { reason: ' ' })).status).toBe(400)
    expect((await operator.browser.send('PUT', '/channels/nobody-here/ban', { reason: 'x' })).status).toBe(
      404,
    )
    expect(await bannedAt()).toBeNull()
  })
})
