import type { OwnChannel } from '@streamtube/contracts/api/resources.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Browser,
  type BrowserContext,
  complaintsOf,
  launchBrowser,
  type Page,
  seriousAxeFindings,
  temporaryFolder,
} from '../support/browser.ts'
import { lintRegistry } from '../support/lint-registry.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { playedSeconds, textOf, untilPlaying } from '../support/player.ts'
import { makeSource, type Publisher, startPublisher } from '../support/publisher.ts'

/** Five times the three seconds that a viewer on an idle machine waits at most. */
const FIRST_FRAME_CEILING_MS = 15_000
/** `<script>` in a title must come out as letters, wherever a title is shown. */
const TITLE = 'Evening <script>window.broken = 1</script> & "friends"'
const DESCRIPTION = 'What the evening is about.'

let platform: Platform
let browser: Browser
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let creator: Page
let viewer: Page
let guests: BrowserContext
let publisher: Publisher | undefined
let key = ''
let watchUrl = ''
const complaints: string[][] = []

beforeAll(async () => {
  folder = await temporaryFolder('first-picture')
  ;[platform, browser] = await Promise.all([startPlatform(), launchBrowser()])
  creator = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  guests = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  viewer = await guests.newPage()
  for (const page of [creator, viewer]) {
    page.setDefaultTimeout(20_000)
    complaints.push(complaintsOf(page))
  }
}, 180_000)

afterAll(async () => {
  await publisher?.stop()
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

test('a stranger finds a home page that says what to do, and no way to take the first account', async () => {
  await viewer.goto(platform.url)
  expect(await viewer.locator('h1, h2').first().isVisible()).toBe(true)
  const response = await viewer.request.post(`${platform.url}/api/v1/accounts`, {
    data: { handle: 'mallory', email: 'mallory@example.org', password: 'correct horse battery' },
    headers: { origin: platform.url },
  })
  expect(response.status()).toBe(403)
  expect(response.headers()['content-type']).toContain('application/problem+json')
})

test('the first person makes the account by the link of the start-up banner', async () => {
  expect(platform.setupLink).toBeDefined()
  await creator.goto(String(platform.setupLink))
  await creator.fill('input[name=handle]', 'ada')
  await creator.fill('input[name=email]', 'ada@example.org')
  await creator.fill('input[name=password]', 'correct horse battery')
  await creator.getByTestId('submit').click()
  await creator.waitForURL('**/studio/live')
  await expect.poll(() => creator.getByTestId('live-desk').getAttribute('data-state')).toBe('idle')
})

test('the stream key is shown once, then masked', async () => {
  await creator.getByTestId('create-key').click()
  key = await creator.getByTestId('key').inputValue()
  expect(key.length).toBeGreaterThan(20)
  expect(await creator.getByTestId('server').inputValue()).toContain('/live')
  const source = await makeSource(folder.path, { width: 1280, height: 720, videoBitrateBps: 1_500_000 })
  // Its rungs are this machine's work as soon as it is asked for, however few cores it has.
  await creator.getByTestId('ladder-on').click()
  await expect.poll(async () => ownChannel().then((channel) => channel.ladder)).toBe('on')
  await creator.getByTestId('latency-low').click()
  await expect.poll(async () => ownChannel().then((channel) => channel.latency)).toBe('low')
  await creator.fill('[data-testid=live-title]', TITLE)
  await creator.fill('[data-testid=live-description]', DESCRIPTION)
  await creator.getByTestId('save-live-words').click()
  await expect.poll(async () => ownChannel().then((channel) => channel.liveTitle)).toBe(TITLE)
  publisher = startPublisher(source, `${platform.rtmpUrl}/${key}`)
  await creator.reload()
  expect(await creator.getByTestId('key-masked').innerText()).not.toContain(key.slice(0, -4))
  expect(await creator.content()).not.toContain(key)
})

test('a wrong key is refused', async () => {
  const source = await makeSource(folder.path, { seconds: 2 })
  const stranger = startPublisher(source, `${platform.rtmpUrl}/st_wrongwrongwrongwrongwrongwrong`)
  await expect(stranger.ended).rejects.toThrow()
})

test('the creator sees the own picture and its health within seconds', async () => {
  await expect
    .poll(() => creator.getByTestId('live-desk').getAttribute('data-state'), { timeout: 20_000 })
    .toBe('live')
  await untilPlaying(creator, FIRST_FRAME_CEILING_MS)
  await expect.poll(() => textOf(creator, 'health'), { timeout: 15_000 }).toMatch(/30/)
  const href = await creator.getByTestId('open-watch').getAttribute('href')
  watchUrl = new URL(String(href), platform.url).href
})

test('a second publisher with the same key is refused while the first is alive', async () => {
  const before = await playedSeconds(creator)
  const second = startPublisher(await makeSource(folder.path, { seconds: 2 }), `${platform.rtmpUrl}/${key}`)
  await expect(second.ended).rejects.toThrow()
  await expect.poll(() => playedSeconds(creator), { timeout: 10_000 }).toBeGreaterThan(before)
})

test('a guest opens the watch page and sees the first frame in time', async () => {
  const openedAt = performance.now()
  await viewer.goto(watchUrl)
  await untilPlaying(viewer, FIRST_FRAME_CEILING_MS)
  console.info(`first frame ${Math.round(performance.now() - openedAt)} ms after the page was asked for`)
  expect(await textOf(viewer, 'video-title')).toBe(TITLE)
  expect(await textOf(viewer, 'video-description')).toBe(DESCRIPTION)
  expect(await viewer.evaluate(() => 'broken' in window)).toBe(false)
})

test('parts are as short as the creator chose, and stay so when the choice changes on air', async () => {
  const id = new URL(watchUrl).pathname.split('/').at(-1)
  const answer = await viewer.request.post(`${platform.url}/api/v1/playback/live/${id}`, {
    headers: { origin: platform.url },
  })
  const { master } = (await answer.json()) as { master: string }
  const playlist = new URL(master.replace('master.m3u8', 'source.m3u8'), platform.url).href
  const partTarget = async () =>
    /PART-TARGET=([\d.]+)/.exec(await (await viewer.request.get(playlist)).text())?.[1]
  expect(await partTarget()).toBe('0.210')
  await creator.getByTestId('latency-normal').click()
  await expect.poll(async () => ownChannel().then((channel) => channel.latency)).toBe('normal')
  expect(await creator.getByTestId('latency-hint').isVisible()).toBe(true)
  expect(await partTarget()).toBe('0.210')
})

test('the guest picks another quality and the picture goes on', async () => {
  const size = () => viewer.getByTestId('video').evaluate((video: HTMLVideoElement) => video.videoHeight)
  await expect
    .poll(() => viewer.getByTestId('settings').getAttribute('aria-label'), { timeout: 30_000 })
    .toContain('Quality')
  await expect.poll(size).toBeGreaterThan(0)
  const choose = async (name: RegExp) => {
    await viewer.getByTestId('player').hover()
    await viewer.getByTestId('settings').click()
    await viewer.getByRole('menuitemradio', { name }).first().click()
  }
  await choose(/^480p/)
  await expect.poll(size, { timeout: 30_000 }).toBe(480)
  await choose(/^720p/)
  await expect.poll(size, { timeout: 30_000 }).toBe(720)
  const before = await playedSeconds(viewer)
  await expect.poll(() => playedSeconds(viewer), { timeout: 10_000 }).toBeGreaterThan(before + 1)
})

test('the home page lists what is live, with a picture of it', async () => {
  const page = await guests.newPage()
  complaints.push(complaintsOf(page))
  await page.goto(platform.url)
  const card = page.locator('[data-testid=video-card][data-state=live]').first()
  await card.waitFor()
  expect(await card.innerText()).toContain(TITLE)
  await expect
    .poll(
      async () => {
        await page.reload()
        const image = page.locator('[data-testid=video-card] img').first()
        return (await image.count()) > 0
          ? image.evaluate((element: HTMLImageElement) => element.naturalWidth)
          : 0
      },
      { timeout: 30_000, interval: 1_000 },
    )
    .toBeGreaterThan(0)
  expect(await seriousAxeFindings(page)).toEqual([])
  await page.close()
})

test('nothing serious stands in the way of people with assistive technology', async () => {
  expect(await seriousAxeFindings(creator)).toEqual([])
  expect(await seriousAxeFindings(viewer)).toEqual([])
})

test('End stream cuts the encoder off, and the page of the broadcast becomes its replay', async () => {
  await creator.getByTestId('end-stream').click()
  await creator.getByTestId('confirm-end').click()
  const endedAt = performance.now()
  await publisher?.ended.catch(() => undefined)
  expect(performance.now() - endedAt).toBeLessThan(10_000)
  await expect
    .poll(() => viewer.getByTestId('player').getAttribute('data-kind'), { timeout: 30_000 })
    .toBe('vod')
})

test('the replay plays from its start, with all that was shown', async () => {
  await viewer.goto(watchUrl)
  await untilPlaying(viewer, FIRST_FRAME_CEILING_MS)
  const { duration, start } = await viewer.getByTestId('video').evaluate((video: HTMLVideoElement) => ({
    duration: video.duration,
    start: video.seekable.start(0),
  }))
  expect(start).toBe(0)
  expect(duration).toBeGreaterThan(5)
  const { items } = await get<{ items: { id: string; state: string; durationMs: number }[] }>(
    '/videos?state=ready',
  )
  expect(items).toHaveLength(1)
  expect(watchUrl).toContain(items[0]?.id)
  expect(Math.abs((items[0]?.durationMs ?? 0) / 1000 - duration)).toBeLessThan(1)
})

test('every playlist that a page or its shadow at the live edge got was looked at', () => {
  const { multivariant, media } = lintRegistry.seen
  expect(multivariant).toBeGreaterThan(3)
  expect(media).toBeGreaterThan(50)
})

test('no page complained: no script error, nothing that the policy had to refuse', () => {
  expect(complaints.flat()).toEqual([])
})

async function get<Answer>(path: string): Promise<Answer> {
  const response = await creator.request.get(`${platform.url}/api/v1${path}`)
  expect(response.status()).toBe(200)
  return (await response.json()) as Answer
}

async function ownChannel(): Promise<OwnChannel> {
  const { channels } = await get<{ channels: OwnChannel[] }>('/session')
  const [channel] = channels
  if (!channel) throw new Error('the person has no channel')
  return channel
}
