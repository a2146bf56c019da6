import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Browser, complaintsOf, launchBrowser, type Page, temporaryFolder } from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { playedSeconds, untilPlaying } from '../support/player.ts'
import { makeSource } from '../support/publisher.ts'
import { readSource, Sender } from '../support/rtmp-sender.ts'

// A viewer of a live stream goes back to what is no longer in the live playlist, returns to live, goes back once more,
// and stays in that place when the stream ends.

/** Sent at once, so that the beginning has left the live playlist (60 s) before anybody waits for that. */
const PREFIX_MS = 150_000
const TICK_MS = 20
const FIRST_FRAME_CEILING_MS = 40_000
/** For what takes a second or two on an idle machine. */
const SOON = { timeout: 40_000, interval: 250 }

let platform: Platform
let browser: Browser
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let page: Page
let complaints: string[]
let sender: Sender | null = null
let timer: NodeJS.Timeout
let creator: Creator
let source: Awaited<ReturnType<typeof readSource>>
let id: string | null = null

beforeAll(async () => {
  folder = await temporaryFolder('dvr')
  let file: string
  ;[platform, browser, file] = await Promise.all([
    startPlatform(),
    launchBrowser(),
    makeSource(folder.path, { width: 320, height: 180, videoBitrateBps: 300_000 }),
  ])
  creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off' })
  source = await readSource(file)
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

// However it went: a repeated try begins with a stream of its own.
afterEach(async () => {
  await page?.context().close()
  await endStream()
  expect(complaints).toEqual([])
})

async function startStream(): Promise<string> {
  sender = new Sender(Number(new URL(platform.rtmpUrl).port), creator.key, source)
  const startedAtMs = performance.now()
  timer = setInterval(() => sender?.sendUntil(PREFIX_MS + performance.now() - startedAtMs), TICK_MS)
  id = await creator.liveId(id)
  return id
}

async function endStream(): Promise<void> {
  clearInterval(timer)
  await sender?.finish()
  sender = null
}

const view = () => page.getByTestId('player').getAttribute('data-view')
const kind = () => page.getByTestId('player').getAttribute('data-kind')
const bar = () => page.getByTestId('seek-bar')
/** Where the bar says that the viewer is, in seconds from its start. */
const barSeconds = async () => Number(await bar().getAttribute('aria-valuenow'))

async function playsOn(): Promise<void> {
  const before = await playedSeconds(page)
  await expect.poll(() => page.getByTestId('player').getAttribute('data-state'), SOON).toBe('playing')
  await expect.poll(async () => Math.abs((await playedSeconds(page)) - before), SOON).toBeGreaterThan(0.5)
}

/** Presses the bar at a share of its width. */
async function seekTo(share: number): Promise<void> {
  await page.getByTestId('player').hover()
  const box = await bar().boundingBox()
  if (!box) throw new Error('the seek bar is not to be seen')
  await page.mouse.click(box.x + box.width * share, box.y + box.height / 2)
}

test('goes back beyond the live playlist, returns, and keeps its place at the end; then shows small pictures above the bar', async () => {
  await startStream()
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  complaints = complaintsOf(page)
  await page.goto(`${platform.url}/watch/${id}`)
  await untilPlaying(page, FIRST_FRAME_CEILING_MS)
  expect(await view()).toBe('live')
  await expect.poll(() => bar().getAttribute('aria-valuetext'), SOON).toBe('Live')

  expect(Number(await bar().getAttribute('aria-valuemax'))).toBeGreaterThan(120)

  await seekTo(0.1)
  await expect.poll(view, SOON).toBe('dvr')
  await playsOn()
  expect(await barSeconds()).toBeLessThan(60)
  expect(await bar().getAttribute('aria-valuetext')).toMatch(/^\d+:\d\d behind live$/)

  await page.getByTestId('live-edge').click()
  await expect.poll(view, SOON).toBe('live')
  await playsOn()
  await expect.poll(() => page.getByTestId('player').getAttribute('data-live-edge'), SOON).toBe('true')

  // By the keyboard.
  await bar().focus()
  await page.keyboard.press('Home')
  await expect.poll(view, SOON).toBe('dvr')
  await playsOn()
  await page.keyboard.press('PageUp')
  await playsOn()
  const placeS = await barSeconds()
  expect(placeS).toBeGreaterThan(55)
  expect(placeS).toBeLessThan(110)

  await endStream()
  await expect.poll(kind, SOON).toBe('vod')
  await playsOn()
  expect(await page.getByTestId('stream-over').count()).toBe(0)
  const keptS = await barSeconds()
  expect(keptS).toBeGreaterThanOrEqual(placeS)
  // Neither at the start nor at the end.
  expect(keptS).toBeLessThan(PREFIX_MS / 1000)
  await page.context().close()
  await expectPictures()
}, 240_000)

/** Of the replay, all along the bar, on a wide and a narrow screen. */
async function expectPictures(): Promise<void> {
  /** How much of the replay has pictures, in milliseconds. */
  const picturedMs = async () => {
    const response = await fetch(`${platform.url}/api/v1/videos/${id}`)
    const { storyboard, startedAt } = (await response.json()) as {
      storyboard: { untilMs: number } | null
      startedAt: string
    }
    return storyboard === null ? 0 : storyboard.untilMs - Date.parse(startedAt)
  }
  await expect.poll(picturedMs, SOON).toBeGreaterThan(PREFIX_MS * 0.6)
  for (const viewport of [
    { width: 1280, height: 900 },
    { width: 390, height: 844 },
  ]) {
    page = await (await browser.newContext({ viewport })).newPage()
    complaints = complaintsOf(page)
    await page.goto(`${platform.url}/watch/${id}`)
    await untilPlaying(page, FIRST_FRAME_CEILING_MS)
    await page.getByTestId('player').hover()
    const box = await bar().boundingBox()
    if (!box) throw new Error('the seek bar is not to be seen')
    for (const share of [0.01, 0.4]) {
      await page.mouse.move(box.x + box.width * share, box.y + box.height / 2)
      const picture = page.getByTestId('seek-picture')
      const isDrawn = () =>
        picture.locator('img').evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)
      await expect.poll(isDrawn, SOON).toBe(640)
      const bubble = await page.getByTestId('seek-bubble').boundingBox()
      expect(bubble?.x).toBeGreaterThanOrEqual(0)
      expect((bubble?.x ?? 0) + (bubble?.width ?? 0)).toBeLessThanOrEqual(viewport.width)
    }
    await page.context().close()
  }
}
