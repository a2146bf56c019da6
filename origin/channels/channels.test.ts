import { schema } from '@streamtube/db/index.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { isReservedHandle } from './handles.ts'
import { makeStreamKey, maskKey } from './keys.ts'

let api: TestApi
let ada: Creator
let bob: Creator
beforeAll(async () => {
  api = await startApiForTests()
  ada = await signUp(api)
  bob = await signUp(api)
})
afterAll(() => api.close())

describe('a channel', () => {
  test('is found by handle or id, and shows nothing that is only its owner’s', async () => {
    const byHandle = await api.browser().get(`/channels/${ada.handle}`)
    const byId = await api.browser().get(`/channels/${ada.channelId}`)
    expect(byHandle.status).toBe(200)
    expect(byId.body).toEqual(byHandle.body)
    expect(Object.keys(byHandle.body).sort()).toEqual(['createdAt', 'description', 'handle', 'id', 'name'])
    expect((await api.browser().get('/channels/nobody-here')).status).toBe(404)
    expect((await api.browser().get('/channels/No!')).status).toBe(400)
  })

  test('can be made beside the first one, under a handle that is free', async () => {
    const made = await ada.browser.post('/channels', { handle: 'second', name: ' Second ' })
    expect(made).toMatchObject({ status: 201, body: { handle: 'second', name: 'Second', streamKey: null } })
    expect((await ada.browser.get('/session')).body.channels).toHaveLength(2)
    expect(await bob.browser.post('/channels', { handle: 'second', name: 'Mine' })).toMatchObject({
      status: 409,
      body: { type: '/problems/handle-taken' },
    })
    expect((await bob.browser.post('/channels', { handle: 'studio', name: 'Mine' })).status).toBe(400)
  })

  test('is changed by its owner, field by field', async () => {
    const path = `/channels/${ada.handle}`
    await ada.browser.patch(path, { description: 'About machines', ladder: 'off' })
    const answer = await ada.browser.patch(path, { name: 'Ada', liveTitle: 'Notes <script>' })
    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'Ada', description: 'About machines', ladder: 'off', liveTitle: 'Notes <script>' },
    })
    expect((await ada.browser.patch(path, {})).status).toBe(200)
    expect(await ada.browser.patch(path, { ladder: 'steep', name: '' })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'name' }, { field: 'ladder' }] },
    })
  })

  test('has a normal delay until its owner chooses the low one', async () => {
    const path = `/channels/${bob.handle}`
    const own = async () => (await bob.browser.get('/session')).body.channels[0]
    expect(await own()).toMatchObject({ latency: 'normal', liveDescription: '' })
    expect(await bob.browser.patch(path, { latency: 'low', liveDescription: ' Tonight ' })).toMatchObject({
      status: 200,
      body: { latency: 'low', liveDescription: 'Tonight' },
    })
    expect(await bob.browser.patch(path, { name: 'Bob' })).toMatchObject({ body: { latency: 'low' } })
    expect(await own()).toMatchObject({ latency: 'low' })
    expect(await bob.browser.patch(path, { latency: 'normal' })).toMatchObject({
      body: { latency: 'normal' },
    })
    expect(await bob.browser.patch(path, { latency: 210, liveDescription: 'x'.repeat(5001) })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'liveDescription' }, { field: 'latency' }] },
    })
  })

  test.each([
    ['reconnectWindowSeconds', 60, 0, 1800],
    ['dvrMinutes', 240, 0, 1440],
    ['retentionDays', null, 1, 3650],
  ])('has %s: %s unless its owner says otherwise, from %s to %s', async (field, usual, least, most) => {
    const { browser, handle } = await signUp(api)
    const change = (value: unknown) => browser.patch(`/channels/${handle}`, { [field]: value })
    const own = async () => (await browser.get('/session')).body.channels[0][field]
    expect(await own()).toBe(usual)
    for (const value of [least, most]) {
      expect(await change(value)).toMatchObject({ status: 200, body: { [field]: value } })
      expect(await own()).toBe(value)
    }
    for (const value of [least - 1, most + 1, least + 0.5, '7']) {
      expect(await change(value)).toMatchObject({ status: 400, body: { errors: [{ field }] } })
    }
    const never = await change(null)
    expect(never.status).toBe(usual === null ? 200 : 400)
    expect(await own()).toBe(usual === null ? null : most)
  })

  test.each([
    ['PATCH', '', { name: 'Mine' }],
    ['POST', '/stream-key', undefined],
    ['GET', '/live', undefined],
    ['POST', '/live/end', undefined],
  ])('is closed to another creator: %s %s', async (method, rest, body) => {
    const answer = await bob.browser.send(method, `/channels/${ada.channelId}${rest}`, body)
    expect(answer).toMatchObject({ status: 403, body: { type: '/problems/forbidden' } })
  })
})

describe('a stream key', () => {
  test('is shown once, then masked; only its hash is kept; a new one takes its place', async () => {
    const path = `/channels/${ada.channelId}/stream-key`
    const first = await ada.browser.post(path)
    expect(first).toMatchObject({ status: 201, body: { key: expect.stringMatching(/^st_[0-9a-z]{32}$/) } })
    expect(first.headers.get('cache-control')).toBe('no-store')
    const channels = (await ada.browser.get('/session')).body.channels
    const { streamKey } = channels.find(({ id }: { id: string }) => id === ada.channelId)
    expect(streamKey.masked).toBe(maskKey(first.body.key.slice(-4)))
    expect(JSON.stringify(channels)).not.toContain(first.body.key)

    const second = await ada.browser.post(path)
    expect(second.body.key).not.toBe(first.body.key)
    const rows = await api.library.db.select().from(schema.streamKeys)
    expect(rows.filter((row) => row.channelId === ada.channelId)).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(second.body.key)
  })

  test('holds 160 bits', () => {
    expect(makeStreamKey(new Uint8Array(20))).toBe(`st_${'0'.repeat(32)}`)
    expect(makeStreamKey(new Uint8Array(20).fill(255))).toBe(`st_${'z'.repeat(32)}`)
    const one = new Uint8Array(20)
    one[19] = 1
    expect(makeStreamKey(one)).toBe(`st_${'0'.repeat(31)}1`)
  })
})

test('handles that addresses need, or that look like ids, are reserved', () => {
  for (const handle of ['watch', 'live', 'api', 'studio', 'login', 'admin', 'thumbnails']) {
    expect(isReservedHandle(handle)).toBe(true)
  }
  expect(isReservedHandle('01kb0000000000000000000000')).toBe(true)
  expect(isReservedHandle('watchmaker')).toBe(false)
})
