import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { frameTimes, probe } from '../../origin/media/ffmpeg.ts'
import { makeNumberedFile, readNumbers } from '../../origin/transcode/numbered-frames.case.ts'
import {
  type Browser,
  type BrowserContext,
  complaintsOf,
  launchBrowser,
  type Page,
  seriousAxeFindings,
  temporaryFolder,
} from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { playedSeconds, untilPlaying } from '../support/player.ts'
import { type Publisher, startPublisher } from '../support/publisher.ts'

// A viewer clips a live stream whose pictures show their own number: what the page and the file show can be counted.

const FRAME_RATE = 30
/** As many as ten bits count. */
const SECONDS = 34
const FRAMES = SECONDS * FRAME_RATE
const SOON = { timeout: 60_000, interval: 200 }

let platform: Platform
let browser: Browser
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let publisher: Publisher
let viewers: BrowserContext
let page: Page
let complaints: string[]
let id: string

beforeAll(async () => {
  folder = await temporaryFolder('clips')
  const source = join(folder.path, 'numbered.mp4')
  ;[platform, browser] = await Promise.all([
    startPlatform(),
    launchBrowser(),
    makeNumberedFile({ path: source, seconds: SECONDS, frameRate: FRAME_RATE, options: ['-bf', '0'] }),
  ])
  const creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off' })
  publisher = startPublisher(source, `${platform.rtmpUrl}/${creator.key}`)
  id = await creator.liveId()
  viewers = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  await signUp('bob')
  page = await viewers.newPage()
  complaints = complaintsOf(page)
}, 180_000)

afterAll(async () => {
  await viewers?.close()
  await publisher?.stop()
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

async function signUp(handle: string): Promise<void> {
  const answer = await viewers.request.post(`${platform.url}/api/v1/accounts`, {
    headers: { origin: platform.url },
    data: { handle, email: `${handle}@example.org`, password: 'correct horse battery' },
  })
  expect(answer.status(), await answer.text()).toBe(201)
}

/** The number that the picture shows which stands in the page now. */
function shownNumber(): Promise<number> {
  return page.getByTestId('video').evaluate((video: HTMLVideoElement) => {
    const canvas = document.createElement('canvas')
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    const picture = canvas.getContext('2d')
    if (!picture) throw new Error('no canvas')
    picture.drawImage(video, 0, 0)
    const bits = Array.from(
      { length: 10 },
      (_, bit) => picture.getImageData(bit * 32 + 16, 16, 1, 1).data[0] ?? 0,
    )
    return bits.reduce((number, light, bit) => number + (light > 127 ? 2 ** bit : 0), 0)
  })
}

const isSeeking = () =>
  page.getByTestId('video').evaluate((video: HTMLVideoElement) => video.seeking || video.readyState < 2)
const handleAt = async (handle: 'start' | 'end') =>
  Number(await page.getByTestId(`trim-${handle}`).getAttribute('aria-valuenow'))

test('a viewer clips what is live: trims it, watches it from its first to its last frame, and takes the file', async () => {
  await page.goto(`${platform.url}/watch/${id}`)
  await untilPlaying(page, 40_000)
  // Enough has been seen to be trimmed.
  await expect.poll(() => publishedSeconds(), SOON).toBeGreaterThan(14)
  await page.getByTestId('clip').click()
  await page.getByTestId('clip-editor').waitFor()
  expect(
    await page.locator('[data-testid=player] video').evaluate((video: HTMLVideoElement) => video.paused),
  ).toBe(true)
  const length = (await handleAt('end')) - (await handleAt('start'))
  expect(length).toBeGreaterThan(10_000)
  expect(length).toBeLessThanOrEqual(30_000)
  expect(await seriousAxeFindings(page)).toEqual([])

  const before = { start: await handleAt('start'), end: await handleAt('end') }
  await page.getByTestId('trim-start').focus()
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.getByTestId('trim-end').focus()
  const toSixSeconds = before.end - (before.start + 1_200) - 6_000
  for (let left = toSixSeconds; left >= 1_000; left -= 1_000) await page.keyboard.press('PageDown')
  expect(await handleAt('start')).toBe(before.start + 1_200)
  const lengthMs = (await handleAt('end')) - (await handleAt('start'))
  expect(lengthMs).toBeGreaterThanOrEqual(6_000)
  expect(lengthMs).toBeLessThan(7_000)
  await page.getByTestId('clip-title-field').fill('The best six seconds')
  await page.getByTestId('clip-save').click()

  await page.waitForURL(/\/clip\/[0-9a-z]{26}$/)
  expect(await page.getByTestId('clip-title').innerText()).toBe('The best six seconds')
  expect(await page.getByTestId('clip-maker').innerText()).toContain('bob')
  const player = page.getByTestId('clip-player')
  await expect.poll(() => player.getAttribute('data-state'), SOON).toBe('over')
  const last = await shownNumber()
  await page.keyboard.press('Home')
  await expect.poll(isSeeking, SOON).toBe(false)
  const first = await shownNumber()

  await page.getByTestId('clip-export').click()
  const link = page.getByTestId('clip-file')
  await link.waitFor({ timeout: 60_000 })
  const file = await viewers.request.get(new URL((await link.getAttribute('href')) ?? '', platform.url).href)
  expect(file.headers()['content-disposition']).toContain('filename="The best six seconds.mp4"')
  const path = join(folder.path, 'clip.mp4')
  await writeFile(path, await file.body())
  const numbers = await readNumbers(path)
  expect(numbers).toEqual(numbers.map((_, i) => ((numbers[0] ?? 0) + i) % FRAMES))
  expect([numbers[0], numbers.at(-1)]).toEqual([first, last])
  expect(Math.abs(numbers.length - (lengthMs * FRAME_RATE) / 1000)).toBeLessThanOrEqual(1)
  const { streams } = await probe(path)
  for (const { codec_type, duration } of streams) {
    expect(Math.abs((duration ?? 0) - numbers.length / FRAME_RATE), codec_type).toBeLessThan(1 / FRAME_RATE)
  }
  expect(await frameTimes(path)).toHaveLength(numbers.length)

  const moment = (await page.getByTestId('clip-moment').getAttribute('href')) ?? ''
  await page.goto(new URL(moment, platform.url).href)
  await untilPlaying(page, 40_000)
  const sinceFirst = async () => ((await shownNumber()) - first + FRAMES) % FRAMES
  await expect.poll(sinceFirst, SOON).toBeLessThan(8 * FRAME_RATE)
  expect(complaints).toEqual([])
  await page.goBack()
}, 180_000)

test('the address of the moment opens the replay there', async () => {
  const moment = (await page.getByTestId('clip-moment').getAttribute('href')) ?? ''
  const seconds = Number(new URL(moment, platform.url).searchParams.get('t'))
  expect(seconds).toBeGreaterThan(0)
  await publisher.stop()
  await expect.poll(() => stateOf(), SOON).toBe('ready')
  await page.goto(new URL(moment, platform.url).href)
  await untilPlaying(page, 40_000)
  const at = await playedSeconds(page)
  expect(at).toBeGreaterThanOrEqual(seconds - 0.1)
  expect(at).toBeLessThan(seconds + 5)
}, 120_000)

async function stateOf(): Promise<string> {
  return (await (await fetch(`${platform.url}/api/v1/videos/${id}`)).json()).state
}

async function publishedSeconds(): Promise<number> {
  const { startedAt } = await (await fetch(`${platform.url}/api/v1/videos/${id}`)).json()
  return (Date.now() - Date.parse(startedAt)) / 1000
}
