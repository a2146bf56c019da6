import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, complaintsOf, launchBrowser, type Page, temporaryFolder } from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { packetHashes } from '../support/packet-hashes.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { playedSeconds, untilPlaying } from '../support/player.ts'
import { keepPublishing, makeSource, startPublisher } from '../support/publisher.ts'

// Parts of the platform die or stand still in the middle of a stream. Whoever watches stays on the page, and what
// arrived is in the recording.

const FIRST_FRAME_CEILING_MS = 40_000
/** Many times what it takes on an idle machine. */
const BACK = { timeout: 60_000, interval: 250 }
const API_AWAY_MS = 30_000

let platform: Platform
let browser: Browser
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let creator: Creator
let page: Page
let complaints: string[]

beforeAll(async () => {
  folder = await temporaryFolder('away')
  ;[platform, browser] = await Promise.all([startPlatform(), launchBrowser()])
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
  await page?.context().close()
  expect(complaints).toEqual([])
})

async function watch(id: string): Promise<void> {
  await page.goto(`${platform.url}/watch/${id}`)
  await untilPlaying(page, FIRST_FRAME_CEILING_MS)
  await page.evaluate(() => Object.assign(window, { sameDocument: true }))
}

const pidOf = (part: string) => platform.processes().find(({ command }) => command.includes(part))?.pid ?? 0
const kill = (part: string) => process.kill(pidOf(part), 'SIGKILL')

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

async function masterOf(kind: 'live' | 'vod', id: string): Promise<string> {
  const address = `${platform.url}/api/v1/playback/${kind}/${id}`
  const response = await fetch(address, { method: 'POST', headers: { origin: platform.url } })
  const { master } = (await response.json()) as { master: string }
  return new URL(master, platform.url).href
}

describe('the api', () => {
  test('stands still for 30 s and is killed: nobody notices, and the recording has every frame', async () => {
    const source = await makeSource(folder.path, { seconds: 75 })
    const publisher = startPublisher(source, `${platform.rtmpUrl}/${creator.key}`, { loop: false })
    const id = await creator.liveId()
    await watch(id)
    await goesOn(3)

    const api = pidOf('main.ts api')
    process.kill(api, 'SIGSTOP')
    const stoppedAt = performance.now()
    try {
      const before = await playedSeconds(page)
      const asked = fetch(platform.url, { headers: { accept: 'text/html' } })
      await page.waitForTimeout(API_AWAY_MS)
      const playedS = (await playedSeconds(page)) - before
      expect(playedS).toBeGreaterThan((performance.now() - stoppedAt) / 1000 - 3)
      expect([200, 503]).toContain((await asked).status)
    } finally {
      process.kill(api, 'SIGCONT')
    }
    await expect.poll(() => videosWith('live').catch(() => []), BACK).toEqual([id])
    await goesOn(3)

    kill('main.ts api')
    await goesOn(8)
    await expect.poll(() => videosWith('live').catch(() => []), BACK).toEqual([id])
    await goesOn(3)

    await publisher.ended
    await expect.poll(() => videosWith('ready').catch(() => []), BACK).toContain(id)
    const master = await masterOf('vod', id)
    expect(await packetHashes(master, 'video')).toEqual(await packetHashes(source, 'video'))
    // The encoder begins with a frame of sound that is over before the first picture.
    const sound = await packetHashes(source, 'audio')
    expect(await packetHashes(master, 'audio')).toEqual(sound.slice(1))
  }, 240_000)
})

describe('with an encoder that comes back by itself', () => {
  let id: string
  let encoder: ReturnType<typeof keepPublishing>

  beforeAll(async () => {
    encoder = keepPublishing(await makeSource(folder.path), `${platform.rtmpUrl}/${creator.key}`)
    id = await creator.liveId()
  }, 60_000)
  afterAll(() => encoder?.stop())

  test('the edge is killed: the page waits and goes on', async () => {
    await watch(id)
    kill('main.deno.ts')
    await goesOn(5)
    expect(encoder.connections()).toBe(1)
  }, 120_000)

  test('the ingest node is killed: the same broadcast goes on, as a new epoch that lists what was lost', async () => {
    await watch(id)
    await goesOn(8)
    const before = encoder.connections()
    const startedAt = performance.now()
    kill('main.ts ingest')
    await expect.poll(() => encoder.connections(), BACK).toBeGreaterThan(before)
    await goesOn(8)
    console.info(`went on ${Math.round(performance.now() - startedAt - 8000)} ms after the kill`)
    expect(await videosWith('live')).toEqual([id])
    const playlists = await Promise.all(
      ['source', 'audio'].map(async (rendition) => {
        const master = await masterOf('live', id)
        return await (await fetch(master.replace('master.m3u8', `${rendition}.m3u8`))).text()
      }),
    )
    for (const text of playlists) {
      expect(text).toContain('#EXT-X-GAP')
      expect(text).toMatch(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="[^"]*\/2\/init.mp4"/)
      expect(text).toMatch(/\/1\/s\d+\.m4s/)
    }
  }, 180_000)

  test('and again, with whoever comes then seeing it too', async () => {
    kill('main.ts ingest')
    await expect.poll(async () => (await fetch(await masterOf('live', id))).status, BACK).toBe(200)
    await watch(id)
    await goesOn(5)
    expect(await videosWith('live')).toEqual([id])
  }, 180_000)

  test('the recording plays from its start, over all of it', async () => {
    await encoder.stop()
    await expect.poll(() => videosWith('ready').catch(() => []), BACK).toContain(id)
    const master = await masterOf('vod', id)
    expect((await packetHashes(master, 'video')).length).toBeGreaterThan(20 * 30)
    await watch(id)
    await goesOn(5)
  }, 120_000)
})
