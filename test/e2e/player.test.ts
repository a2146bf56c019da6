import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Browser,
  type BrowserContext,
  complaintsOf,
  launchBrowser,
  type Page,
  temporaryFolder,
} from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { playedSeconds, playingFacts, untilPlaying } from '../support/player.ts'
import { makeSource, type Publisher, startPublisher } from '../support/publisher.ts'
import { perfect } from '../support/shaper/link.ts'
import { Shaper } from '../support/shaper/shaper.ts'

// A viewer of a low-latency stream, and everything that a network between the browser and the edge does to one.

/** The distance that the playlist recommends: three parts of 210 ms. */
const HOLD_BACK_S = 0.63
const FIRST_FRAME_CEILING_MS = 40_000
/** For what takes a second or two on an idle machine. */
const SOON = { timeout: 30_000, interval: 250 }

let platform: Platform
let browser: Browser
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let creator: Creator
let source: string
let publisher: Publisher
let shaper: Shaper
let id: string
let viewers: BrowserContext
let page: Page
let complaints: string[]

beforeAll(async () => {
  folder = await temporaryFolder('player')
  ;[platform, browser, source] = await Promise.all([
    startPlatform(),
    launchBrowser(),
    makeSource(folder.path),
  ])
  creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off' })
  publisher = startPublisher(source, `${platform.rtmpUrl}/${creator.key}`)
  id = await creator.liveId()
}, 180_000)

afterAll(async () => {
  await publisher?.stop()
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

beforeEach(async () => {
  shaper = await Shaper.start(Number(new URL(platform.url).port), 4)
  viewers = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  page = await viewers.newPage()
  complaints = complaintsOf(page)
})

afterEach(async () => {
  await viewers?.close()
  await shaper?.close()
  expect(complaints).toEqual([])
})

/** Opens the watch page through the shaper, with its statistics. */
async function watch(): Promise<void> {
  await page.goto(`http://localhost:${shaper.port}/watch/${id}`)
  await untilPlaying(page, FIRST_FRAME_CEILING_MS)
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
  await page.keyboard.press('i')
  await page.getByTestId('statistics-latency').waitFor()
}

const latency = async () => (await playingFacts(page)).latencyS
const target = async () => (await playingFacts(page)).targetS
const state = () => page.getByTestId('player').getAttribute('data-state')

async function goesOnFor(seconds: number): Promise<void> {
  const before = await playedSeconds(page)
  await expect.poll(() => playedSeconds(page), { timeout: seconds * 5_000 }).toBeGreaterThan(before + seconds)
}

/** Without a reload, and without asking the viewer for anything. */
async function hasStayedOnThePage(): Promise<void> {
  expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true)
  expect(await page.getByTestId('player-failure').count()).toBe(0)
}

describe('over a good network', () => {
  test('a viewer is within a second and a half of live, and can see that', async () => {
    await watch()
    await expect.poll(latency, SOON).toBeLessThan(1.5)
    expect(await target()).toBeGreaterThanOrEqual(HOLD_BACK_S)
    await goesOnFor(5)
    expect((await playingFacts(page)).bufferS).toBeLessThan(await latency())
    await page.getByTestId('statistics-close').click()
    expect(await page.getByTestId('statistics').count()).toBe(0)
    await page.getByTestId('player').hover()
    await page.getByTestId('settings').click()
    await page.getByTestId('statistics-toggle').click()
    await page.getByTestId('statistics').waitFor()
  })

  test('a viewer who went back is left there, and is live again by one press', async () => {
    await watch()
    const badge = page.getByTestId('live-edge')
    await expect.poll(() => badge.getAttribute('data-at-edge'), SOON).toBe('true')
    await expect
      .poll(
        () =>
          page
            .getByTestId('video')
            .evaluate((video: HTMLVideoElement) => video.seekable.start(0) + 12 < video.currentTime),
        SOON,
      )
      .toBe(true)
    await page.keyboard.press('j')
    await expect.poll(() => badge.getAttribute('data-at-edge'), SOON).toBe('false')
    await goesOnFor(8)
    expect(await latency()).toBeGreaterThan(8)
    await page.getByTestId('player').hover()
    await badge.click()
    await expect.poll(() => badge.getAttribute('data-at-edge'), SOON).toBe('true')
    await expect.poll(latency, SOON).toBeLessThan(2)
    await goesOnFor(2)
  })
})

describe('over a bad network', () => {
  test('100 ms there and back with 50 ms of jitter cost no more than that', async () => {
    shaper.conditions = { ...perfect, delayMs: 50, jitterMs: 50 }
    await watch()
    await expect.poll(latency, SOON).toBeLessThan(3)
    await goesOnFor(10)
    expect(await latency()).toBeLessThan(4)
    await hasStayedOnThePage()
  })

  test('losses move a viewer back until they are bridged; when they are over, back to live', async () => {
    await watch()
    shaper.conditions = {
      ...perfect,
      delayMs: 15,
      holds: { everyMs: 2_000, shortestMs: 300, longestMs: 1_000 },
    }
    await expect.poll(target, { timeout: 60_000, interval: 250 }).toBeGreaterThan(HOLD_BACK_S + 0.2)
    await goesOnFor(15)
    const during = await playingFacts(page)
    shaper.conditions = perfect
    await expect.poll(target, { timeout: 120_000, interval: 500 }).toBeLessThan(during.targetS)
    await expect.poll(async () => (await latency()) - (await target()), SOON).toBeLessThan(1)
    await hasStayedOnThePage()
  }, 300_000)

  test('a link that is gone for five seconds: the picture waits, then goes on at live', async () => {
    await watch()
    shaper.cut()
    await expect.poll(state, SOON).toBe('buffering')
    const cutAt = await playedSeconds(page)
    await page.waitForTimeout(5_000)
    shaper.mend()
    await expect.poll(() => playedSeconds(page), SOON).toBeGreaterThan(cutAt + 1)
    await expect.poll(latency, SOON).toBeLessThan(3)
    await expect.poll(() => page.getByTestId('live-edge').getAttribute('data-at-edge'), SOON).toBe('true')
    await goesOnFor(3)
    await hasStayedOnThePage()
  })

  test('connections that are reset again and again: the picture goes on', async () => {
    await watch()
    for (let round = 0; round < 8; round++) {
      shaper.reset()
      await goesOnFor(0.8)
    }
    await expect.poll(latency, SOON).toBeLessThan(4)
    await hasStayedOnThePage()
  })
})

test('an encoder that hangs for a while: viewers are told, wait and see it go on, in the same page', async () => {
  await watch()
  publisher.pause()
  await page.getByTestId('player-stream-paused').waitFor({ timeout: 40_000 })
  const pausedAt = await playedSeconds(page)
  publisher.resume()
  await expect.poll(() => playedSeconds(page), { timeout: 60_000 }).toBeGreaterThan(pausedAt + 3)
  await expect.poll(state, SOON).toBe('playing')
  await expect.poll(latency, SOON).toBeLessThan(3)
  await hasStayedOnThePage()
}, 180_000)
