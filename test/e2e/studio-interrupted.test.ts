import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, complaintsOf, launchBrowser, type Page, temporaryFolder } from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { playedSeconds, untilPlaying } from '../support/player.ts'
import { makeSource, type Publisher, startPublisher } from '../support/publisher.ts'

// A creator at the go-live page, a viewer at the watch page, and an encoder that is lost.

const FIRST_FRAME_CEILING_MS = 40_000
/** Many times what it takes on an idle machine. */
const SOON = { timeout: 45_000, interval: 250 }

let platform: Platform
let browser: Browser
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let creator: Creator
let source: string
let publisher: Publisher | undefined
let studio: Page
let viewer: Page
let complaints: string[][]
let id: string

beforeAll(async () => {
  folder = await temporaryFolder('studio')
  ;[platform, browser, source] = await Promise.all([
    startPlatform(),
    launchBrowser(),
    makeSource(folder.path),
  ])
  creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off' })
  studio = await openPage()
  viewer = await openPage()
  complaints = [complaintsOf(studio), complaintsOf(viewer)]
  const signedIn = await studio.request.post(`${platform.url}/api/v1/session`, {
    data: { login: creator.handle, password: 'correct horse battery' },
    headers: { origin: platform.url },
  })
  expect(signedIn.ok()).toBe(true)
}, 180_000)

afterAll(async () => {
  await publisher?.stop()
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

async function openPage(): Promise<Page> {
  return await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
}

/** Opens a page of the site and waits until it answers to presses. */
async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${platform.url}${path}`)
  await page.waitForSelector('html[data-hydrated]')
}

const publish = () => startPublisher(source, `${platform.rtmpUrl}/${creator.key}`)
const stateOfDesk = () => studio.getByTestId('live-desk').getAttribute('data-state')
const isShown = (page: Page, testId: string) => page.getByTestId(testId).isVisible()

async function leftSeconds(): Promise<number> {
  const [minutes = Number.NaN, seconds = Number.NaN] = (
    await studio.getByTestId('interrupted-left').innerText()
  )
    .split(':')
    .map(Number)
  return minutes * 60 + seconds
}

test('a creator says how long a stream waits for a lost encoder', async () => {
  await open(studio, '/studio/live')
  await studio.getByTestId('reconnect-window').selectOption({ label: '5 minutes' })
  await expect
    .poll(async () => {
      const session = await studio.request.get(`${platform.url}/api/v1/session`)
      return (await session.json()).channels[0].reconnectWindowSeconds
    }, SOON)
    .toBe(300)
})

test('an encoder that dies leaves a countdown in the studio and a calm picture to viewers', async () => {
  await publisher?.stop()
  publisher = publish()
  id = await creator.liveId()
  await open(viewer, `/watch/${id}`)
  await untilPlaying(viewer, FIRST_FRAME_CEILING_MS)
  await expect.poll(stateOfDesk, SOON).toBe('live')

  await publisher?.kill()
  await expect.poll(stateOfDesk, SOON).toBe('interrupted')
  const before = await leftSeconds()
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThanOrEqual(300)
  await expect.poll(leftSeconds, SOON).toBeLessThan(before)
  await expect.poll(() => isShown(viewer, 'player-interrupted'), SOON).toBe(true)
  expect(await isShown(studio, 'end-stream')).toBe(true)
}, 120_000)

test('its return is told, and the same stream goes on', async () => {
  const before = await playedSeconds(viewer)
  publisher = publish()
  await expect.poll(() => isShown(studio, 'encoder-back'), SOON).toBe(true)
  expect(await stateOfDesk()).toBe('live')
  expect(await isShown(studio, 'interrupted')).toBe(false)
  await expect.poll(() => playedSeconds(viewer), SOON).toBeGreaterThan(before + 2)
  await expect.poll(() => isShown(viewer, 'player-interrupted'), SOON).toBe(false)
  expect(await creator.liveId()).toBe(id)
}, 120_000)

test('a stream that waits can be ended by hand; its viewers are offered the replay', async () => {
  await publisher?.kill()
  await expect.poll(stateOfDesk, SOON).toBe('interrupted')
  await studio.getByTestId('end-stream').click()
  await studio.getByTestId('confirm-end').click()
  await expect.poll(stateOfDesk, SOON).toBe('idle')
  await expect.poll(() => isShown(viewer, 'play-replay'), SOON).toBe(true)
}, 120_000)

test('a replay that its creator deletes is gone from the site and from the disk', async () => {
  const recorded = join(platform.dataDir, 'blobs', 'timelines', id)
  expect(existsSync(recorded)).toBe(true)
  await open(studio, `/watch/${id}`)
  await studio.getByTestId('delete-video').click()
  await studio.getByTestId('confirm-delete').click()
  await expect.poll(() => new URL(studio.url()).pathname, SOON).toBe(`/@${creator.handle}`)
  // An edge may share an answer among guests for a second.
  const status = async () => (await fetch(`${platform.url}/api/v1/videos/${id}`)).status
  await expect.poll(status, SOON).toBe(404)
  await expect.poll(() => existsSync(recorded), SOON).toBe(false)
  expect(complaints).toEqual([[], []])
}, 120_000)
