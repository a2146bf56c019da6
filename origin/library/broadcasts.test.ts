import { Code } from '@connectrpc/connect'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Creator, signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { PortError } from '../ports/error.ts'
import { ALIVE_MS } from './alive.ts'
import { END_HEARD_MS, tendBroadcasts } from './life.ts'
import { JUST_ENDED_MS } from './publishers.ts'
import {
  ENDED,
  LIVE,
  NODE_URL,
  newKey,
  OFFERED,
  publish,
  renditions,
  report,
  START_MS,
  segments,
} from './testing.ts'
import { readTimeline } from './timeline.ts'

let api: TestApi
let ada: Creator
let key: string
beforeAll(async () => {
  api = await startApiForTests({ stillClock: true })
})
afterAll(() => api.close())
beforeEach(async () => {
  ada = await signUp(api)
  key = await newKey(ada)
})

/** What a channel waits that nobody set. */
const WINDOW_MS = 60_000

const endedByTime = async () =>
  (await tendBroadcasts(api.library))
    .filter(({ state }) => state === 'ended')
    .map(({ broadcastId }) => broadcastId)

const status = async (creator: Creator) =>
  (await creator.browser.get(`/channels/${creator.channelId}/live`)).body

describe('a broadcast', () => {
  test('has a page from the moment it is live, with the channel’s words for it, which may change on air', async () => {
    await ada.browser.patch(`/channels/${ada.channelId}`, {
      liveTitle: 'Engines',
      liveDescription: 'All day',
    })
    const grant = await publish(api, key)
    expect(await report(api, grant, OFFERED)).toMatchObject({ end: false })
    expect((await api.browser().get(`/videos/${grant.broadcastId}`)).status).toBe(404)
    await Promise.all([report(api, grant, LIVE), report(api, grant, LIVE)])
    expect((await api.browser().get(`/videos/${grant.broadcastId}`)).body).toMatchObject({
      title: 'Engines',
      description: 'All day',
      state: 'live',
      origin: 'broadcast',
      width: 1280,
      channel: { handle: ada.handle },
    })
    expect(await status(ada)).toMatchObject({
      state: 'live',
      video: { id: grant.broadcastId },
      health: { videoBitrateBps: 2_600_000, keyFrameIntervalMs: null },
      ingest: { rtmpUrl: 'rtmp://localhost/live', rtmpsUrl: null },
    })
    await ada.browser.patch(`/channels/${ada.channelId}`, { liveTitle: 'Looms' })
    expect((await api.browser().get(`/videos/${grant.broadcastId}`)).body).toMatchObject({
      title: 'Looms',
      description: 'All day',
    })
    await ada.browser.patch(`/channels/${ada.channelId}`, { liveDescription: '' })
    expect((await api.browser().get(`/videos/${grant.broadcastId}`)).body).toMatchObject({
      title: 'Looms',
      description: '',
    })
  })

  test('keeps its part target: a channel’s other latency holds from its next broadcast on', async () => {
    const choose = (latency: string) => ada.browser.patch(`/channels/${ada.channelId}`, { latency })
    const first = await publish(api, key)
    expect(first.settings).toMatchObject({ partTargetMs: 510 })
    await report(api, first, LIVE)
    expect((await choose('low')).status).toBe(200)
    api.pass(ALIVE_MS + 1000)
    const again = await publish(api, key)
    expect(again).toMatchObject({ broadcastId: first.broadcastId, epoch: 2, settings: { partTargetMs: 510 } })
    await report(api, again, ENDED)
    expect((await publish(api, key)).settings).toMatchObject({ partTargetMs: 210 })
  })

  test('that never was live leaves no video, and its address stays good for the next try', async () => {
    const first = await publish(api, key)
    await report(api, first, ENDED)
    expect((await api.browser().get(`/videos/${first.broadcastId}`)).status).toBe(404)
    const second = await publish(api, key)
    expect(second).toMatchObject({ broadcastId: first.broadcastId, epoch: 2 })
  })

  test('is ended by its creator: the node hears it, and an encoder that reconnects by itself is refused', async () => {
    const grant = await publish(api, key)
    await report(api, grant, LIVE)
    expect((await ada.browser.post(`/channels/${ada.channelId}/live/end`)).status).toBe(204)
    expect(await report(api, grant, LIVE)).toMatchObject({ end: true, reason: 'ended-by-creator' })
    await report(api, grant, ENDED)
    expect((await status(ada)).state).toBe('idle')
    await expect(publish(api, key)).rejects.toMatchObject({ code: Code.PermissionDenied })
    expect(await ada.browser.post(`/channels/${ada.channelId}/live/end`)).toMatchObject({
      status: 409,
      body: { type: '/problems/not-live' },
    })
    api.pass(JUST_ENDED_MS + 1)
    expect((await publish(api, key)).broadcastId).not.toBe(grant.broadcastId)
  })

  test('is ended by its creator while its node is silent: soon, and also when its encoder comes back first', async () => {
    const end = () => ada.browser.post(`/channels/${ada.channelId}/live/end`)
    const gone = await publish(api, key)
    await report(api, gone, LIVE)
    await end()
    api.pass(END_HEARD_MS)
    expect(await endedByTime()).not.toContain(gone.broadcastId)
    api.pass(1)
    expect(await endedByTime()).toContain(gone.broadcastId)
    expect(await report(api, gone, LIVE)).toMatchObject({ end: true, reason: 'ended-by-creator' })
    expect((await status(ada)).state).toBe('idle')

    api.pass(JUST_ENDED_MS + 1)
    const first = await publish(api, key)
    await report(api, first, LIVE)
    api.pass(ALIVE_MS + 1000)
    await end()
    const second = await publish(api, key)
    expect(second).toMatchObject({ broadcastId: first.broadcastId, epoch: 2 })
    expect(await report(api, second, LIVE)).toMatchObject({ end: true, reason: 'ended-by-creator' })
  })

  test('whose node is silent has no health, until it is heard again', async () => {
    const grant = await publish(api, key)
    await report(api, grant, LIVE)
    api.pass(ALIVE_MS - 2000)
    expect(await status(ada)).toMatchObject({ state: 'live', health: { width: 1280 } })
    api.pass(2000)
    expect(await status(ada)).toMatchObject({ state: 'live', health: null })
    await report(api, grant, LIVE)
    expect(await status(ada)).toMatchObject({ state: 'live', health: { width: 1280 } })
  })

  test('whose node falls silent is ended, another one is not', async () => {
    const silent = await publish(api, key)
    await report(api, silent, LIVE)
    const bob = await signUp(api)
    const alive = await publish(api, await newKey(bob))
    await report(api, alive, LIVE)
    for (let passed = 0; passed <= WINDOW_MS; passed += 1000) {
      api.pass(1000)
      await report(api, alive, LIVE)
    }
    const ended = await endedByTime()
    expect(ended).toContain(silent.broadcastId)
    expect(ended).not.toContain(alive.broadcastId)
    expect(await report(api, silent, LIVE)).toMatchObject({ end: true, reason: 'over' })
    expect((await status(bob)).state).toBe('live')
  })

  test('who could not be heard because the api was away is given the time to be heard again', async () => {
    const grant = await publish(api, key)
    await report(api, grant, LIVE)
    api.pass(10 * WINDOW_MS)
    api.beginToHear()
    api.pass(WINDOW_MS - 1000)
    expect(await endedByTime()).not.toContain(grant.broadcastId)
    expect(await report(api, grant, LIVE)).toMatchObject({ end: false })
    api.pass(WINDOW_MS - 1000)
    expect(await endedByTime()).not.toContain(grant.broadcastId)
    api.pass(2000)
    expect(await endedByTime()).toContain(grant.broadcastId)
  })

  test('is live, stays live and hears what it is asked while kv is away', async () => {
    const { kv } = api.library
    const { set, get } = kv
    const grant = await publish(api, key)
    const away = async () => {
      throw new PortError('kv', 'unavailable', 'away')
    }
    Object.assign(kv, { set: away, get: away })
    try {
      for (let passed = 0; passed <= 2 * WINDOW_MS; passed += 1000) {
        api.pass(1000)
        expect(await report(api, grant, LIVE)).toMatchObject({ end: false })
      }
      expect(await endedByTime()).not.toContain(grant.broadcastId)
      expect(await status(ada)).toMatchObject({ state: 'live', health: null })
      await ada.browser.post(`/channels/${ada.channelId}/live/end`)
      expect(await report(api, grant, LIVE)).toMatchObject({ end: true, reason: 'ended-by-creator' })
    } finally {
      Object.assign(kv, { set, get })
    }
  })

  test('is found by the edge: live at its node, soon after its end too, then in the library alone', async () => {
    const grant = await publish(api, key)
    await report(api, grant, LIVE)
    const where = () => api.edge.locate({ timelineId: grant.broadcastId })
    expect(await where()).toMatchObject({ liveUrl: NODE_URL, libraryUrl: 'http://127.0.0.1:1' })
    await report(api, grant, ENDED)
    expect(await where()).toMatchObject({ liveUrl: NODE_URL })
    api.pass(61_000)
    expect(await where()).toMatchObject({ liveUrl: '' })
    const unknown = api.edge.locate({ timelineId: '01kb0000000000000000000000' })
    await expect(unknown).rejects.toMatchObject({ code: Code.NotFound })
  })

  test('lasts as long as it did, though its sound has another sample rate in each epoch', async () => {
    const nowSequence = Math.ceil((api.now() - START_MS) / 2000)
    const rates = [96_000, 44_100, 48_000]
    let timelineId = ''
    for (const rate of rates) {
      const grant = await publish(api, key)
      timelineId = grant.broadcastId
      const from = Math.max(nowSequence, Number(grant.firstSequence))
      await report(api, grant, LIVE)
      const [video, audio] = renditions()
      const described = [video, { ...audio, timescale: rate }].flatMap((each) => (each ? [each] : []))
      const rows = segments(timelineId, grant.epoch, from, 4).map((row) =>
        row.renditionId === 'audio'
          ? { ...row, duration: 2 * rate, dts: BigInt(row.sequence) * BigInt(2 * rate) }
          : row,
      )
      await api.ingest.appendIndex({ timelineId, epoch: grant.epoch, renditions: described, segments: rows })
      api.pass(ALIVE_MS + 1000)
    }
    const renditionsNow = await readTimeline(api.library.db, timelineId)
    for (const { info, segments: entries } of renditionsNow) {
      expect(entries).toHaveLength(12)
      for (const { duration, dts, sequence } of entries) {
        expect(duration / info.timescale).toBeCloseTo(2, 9)
        expect(dts / info.timescale).toBeCloseTo(2 * sequence, 6)
      }
    }
    const { tail } = await publish(api, key)
    const sound = tail?.segments.filter(({ renditionId }) => renditionId === 'audio') ?? []
    expect(sound.map(({ duration }) => duration)).toEqual(Array(12).fill(96_000))
  })

  test('is a video from its start as soon as it ends, also when its last segments come late', async () => {
    const grant = await publish(api, key)
    const { broadcastId: timelineId, epoch } = grant
    await report(api, grant, LIVE)
    const append = (from: number, count: number) =>
      api.ingest.appendIndex({
        timelineId,
        epoch,
        renditions: renditions(),
        segments: segments(timelineId, epoch, from, count),
      })
    await append(0, 30)
    await report(api, grant, ENDED)
    const video = async () => (await api.browser().get(`/videos/${timelineId}`)).body
    expect(await video()).toMatchObject({ state: 'ready', durationMs: 60_000, width: 1280, height: 720 })
    await append(30, 5)
    expect(await video()).toMatchObject({ state: 'ready', durationMs: 70_000 })
  })
})

describe('leave to play', () => {
  const ask = (kind: string, assetId: string, sessionToken = '') =>
    api.edge.authorizePlayback({ kind, assetId, sessionToken })

  test('is given for what is live or recorded, in the way it can be played', async () => {
    const grant = await publish(api, key)
    const { broadcastId } = grant
    expect(await ask('live', broadcastId)).toMatchObject({ timelineId: broadcastId, viewerId: '' })
    await report(api, grant, LIVE)
    const known = await ask('live', broadcastId, ada.browser.cookie)
    expect(known.viewerId).toMatch(/^[0-9a-z]{26}$/)
    await expect(ask('vod', broadcastId)).rejects.toMatchObject({ code: Code.PermissionDenied })
    await report(api, grant, ENDED)
    await expect(ask('live', broadcastId)).rejects.toMatchObject({ code: Code.FailedPrecondition })
    await expect(ask('vod', broadcastId)).rejects.toMatchObject({
      rawMessage: expect.stringContaining('no recording'),
    })
    await expect(ask('sideways', broadcastId)).rejects.toMatchObject({ code: Code.InvalidArgument })
    await expect(ask('vod', '01kb0000000000000000000000')).rejects.toMatchObject({ code: Code.NotFound })
  })
})
