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
let sender: Sender
let timer: NodeJS.Timeout
let id: string

beforeAll(async () => {
  folder = await temporaryFolder('dvr')
  let file: string
  ;[platform, browser, file] = await Promise.all([
    startPlatform(),
    launchBrowser(),
    makeSource(folder.path, { width: 320, height: 180, videoBitrateBps: 300_000 }),
  ])
  const creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off' })
  sender = new Sender(Number(new URL(platform.rtmpUrl).port), creator.key, await readSource(file))
  const startedAtMs = performance.now()
  timer = setInterval(() => sender.sendUntil(PREFIX_MS + performance.now() - startedAtMs), TICK_MS)
  id = await creator.liveId()
}, 180_000)

afterAll(async () => {
  clearInterval(timer)
  await sender?.finish()
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

afterEach(() => expect(complaints).toEqual([]))

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

test('goes back beyond the live playlist, returns, and keeps its place at the end', async () => {
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

  clearInterval(timer)
  await sender.finish()
  await expect.poll(kind, SOON).toBe('vod')
  await playsOn()
  expect(await page.getByTestId('stream-over').count()).toBe(0)
  const keptS = await barSeconds()
  expect(keptS).toBeGreaterThanOrEqual(placeS)
  expect(keptS).toBeLessThan(placeS + 60)
})
