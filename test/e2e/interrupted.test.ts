import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, complaintsOf, launchBrowser, type Page, temporaryFolder } from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { packetHashes } from '../support/packet-hashes.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { playedSeconds, untilPlaying } from '../support/player.ts'
import { makeSource, type Publisher, startPublisher } from '../support/publisher.ts'
import { perfect } from '../support/shaper/link.ts'
import { Shaper } from '../support/shaper/shaper.ts'

// Encoders die without a word and come back, or another one comes in their place. Whoever watches stays on the page.

const LONG = process.env.LONG === '1'
const FIRST_FRAME_CEILING_MS = 40_000
/** Many times what it takes on an idle machine. */
const BACK = { timeout: 60_000, interval: 250 }

let platform: Platform
let browser: Browser
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let creator: Creator
let source: string
let page: Page
let complaints: string[]
/** The stream of the test before. */
let previous: string | null = null
const publishers: Publisher[] = []

beforeAll(async () => {
  folder = await temporaryFolder('interrupted')
  ;[platform, browser, source] = await Promise.all([
    startPlatform(),
    launchBrowser(),
    makeSource(folder.path),
  ])
  creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off' })
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

beforeEach(async () => {
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  complaints = complaintsOf(page)
})

afterEach(async () => {
  await Promise.all(publishers.splice(0).map((publisher) => publisher.stop()))
  await page?.context().close()
  expect(complaints).toEqual([])
})

function publish(port = new URL(platform.rtmpUrl).port): Publisher {
  const publisher = startPublisher(source, `rtmp://127.0.0.1:${port}/live/${creator.key}`)
  publishers.push(publisher)
  return publisher
}

/** A stream with a viewer. */
async function watched(port?: string): Promise<{ id: string; publisher: Publisher }> {
  const publisher = publish(port)
  const id = await creator.liveId(previous)
  previous = id
  await page.goto(`${platform.url}/watch/${id}`)
  await untilPlaying(page, FIRST_FRAME_CEILING_MS)
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  await goesOn(3)
  return { id, publisher }
}

/** So much more is played, on the same page. */
async function goesOn(seconds: number): Promise<void> {
  const before = await playedSeconds(page)
  await expect.poll(() => playedSeconds(page), BACK).toBeGreaterThan(before + seconds)
  await expect.poll(() => page.getByTestId('player').getAttribute('data-state'), BACK).toBe('playing')
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)
  expect(await page.getByTestId('player-failure').count()).toBe(0)
}

async function videosWith(state: 'live' | 'ready'): Promise<string[]> {
  const response = await fetch(`${platform.url}/api/v1/videos?state=${state}`)
  const { items } = (await response.json()) as { items: { id: string }[] }
  return items.map(({ id }) => id)
}

async function playlistOf(kind: 'live' | 'vod', id: string): Promise<{ master: string; source: string }> {
  const address = `${platform.url}/api/v1/playback/${kind}/${id}`
  const response = await fetch(address, { method: 'POST', headers: { origin: platform.url } })
  const { master } = (await response.json()) as { master: string }
  const url = new URL(master, platform.url).href
  return { master: url, source: await (await fetch(url.replace('master.m3u8', 'source.m3u8'))).text() }
}

/** The encoder is gone for a while; another one comes in its place. */
async function comesBack(awayMs: number): Promise<string> {
  const { id, publisher } = await watched()
  await publisher.kill()
  await wait(awayMs)
  expect(await videosWith('live')).toContain(id)
  const another = publish()
  await expect
    .poll(async () => (await playlistOf('live', id)).source, BACK)
    .toMatch(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="[^"]*\/2\/init.mp4"/)
  await goesOn(5)
  expect(await videosWith('live')).toEqual([id])
  await another.stop()
  await expect.poll(() => videosWith('ready'), BACK).toContain(id)
  return id
}

test('an encoder that is away for 5 s: the same broadcast goes on with another one, and its replay has both halves', async () => {
  await creator.set({ reconnectWindowSeconds: 60 })
  const id = await comesBack(5_000)
  const { master, source: text } = await playlistOf('vod', id)
  expect(text).toMatch(/\/1\/s\d+\.m4s/)
  expect(text).toMatch(/\/2\/s\d+\.m4s/)
  expect(text).not.toContain('#EXT-X-GAP')
  // Both have begun with the file's first frame.
  const frames = await packetHashes(master, 'video')
  const [first = ''] = await packetHashes(source, 'video')
  expect(frames[0]).toBe(first)
  expect(frames.lastIndexOf(first)).toBeGreaterThan(0)
}, 180_000)

test('an encoder that does not come back: the stream is over when it was waited for', async () => {
  await creator.set({ reconnectWindowSeconds: 3 })
  const { id, publisher } = await watched()
  await publisher.kill()
  const lostAtMs = performance.now()
  await expect.poll(() => videosWith('ready'), BACK).toContain(id)
  expect(performance.now() - lostAtMs).toBeGreaterThan(2_500)
  expect(await videosWith('live')).toEqual([])
}, 120_000)

test.runIf(LONG).each([30_000, 55_000])(
  'an encoder that is away for %i ms comes back in time',
  async (awayMs) => {
    await creator.set({ reconnectWindowSeconds: 60 })
    await comesBack(awayMs)
  },
  300_000,
)

test.runIf(LONG)(
  'an encoder that is away for 75 s is too late: its broadcast is over, and the next one begins',
  async () => {
    await creator.set({ reconnectWindowSeconds: 60 })
    const { id, publisher } = await watched()
    await publisher.kill()
    await wait(75_000)
    expect(await videosWith('ready')).toContain(id)
    publish()
    previous = await creator.liveId(id)
    expect(previous).not.toBe(id)
  },
  300_000,
)

test.runIf(LONG)(
  'a wireless network that stands still for seconds again and again: one session, and the page goes on',
  async () => {
    await creator.set({ reconnectWindowSeconds: 60 })
    const shaper = await Shaper.start(Number(new URL(platform.rtmpUrl).port), 5)
    try {
      shaper.conditions = {
        ...perfect,
        delayMs: 20,
        jitterMs: 40,
        holds: { everyMs: 8_000, shortestMs: 500, longestMs: 5_000 },
      }
      const { id } = await watched(String(shaper.port))
      await goesOn(30)
      const { source: text } = await playlistOf('live', id)
      expect(text).not.toContain('#EXT-X-GAP')
      expect(text).not.toContain('/2/init.mp4')
    } finally {
      await Promise.all(publishers.splice(0).map((publisher) => publisher.stop()))
      await shaper.close()
    }
  },
  300_000,
)
