import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

beforeAll(async () => {
  folder = await temporaryFolder('interrupted')
  ;[platform, browser, source] = await Promise.all([
    startPlatform(),
    launchBrowser(),
    makeSource(folder.path),
  ])
  creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off', reconnectWindowSeconds: 60 })
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

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

/** A channel's encoders, and a viewer of its stream. */
class Show {
  readonly #creator: Creator
  readonly #page: Page
  readonly #complaints: string[]
  readonly #publishers: Publisher[] = []

  private constructor(creator: Creator, page: Page) {
    this.#creator = creator
    this.#page = page
    this.#complaints = complaintsOf(page)
  }

  /** Runs a show to its end. */
  static async run<T>(creator: Creator, act: (show: Show) => Promise<T>): Promise<T> {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
    const show = new Show(creator, page)
    try {
      const result = await act(show)
      expect(show.#complaints).toEqual([])
      return result
    } finally {
      await Promise.all(show.#publishers.map((publisher) => publisher.stop()))
      await page.context().close()
    }
  }

  publish(port = new URL(platform.rtmpUrl).port): Publisher {
    const publisher = startPublisher(source, `rtmp://127.0.0.1:${port}/live/${this.#creator.key}`)
    this.#publishers.push(publisher)
    return publisher
  }

  /** Publishes, and opens the page. */
  async begin(port?: string): Promise<{ id: string; publisher: Publisher }> {
    const publisher = this.publish(port)
    const id = await this.#creator.liveId()
    await this.#page.goto(`${platform.url}/watch/${id}`)
    await untilPlaying(this.#page, FIRST_FRAME_CEILING_MS)
    await this.#page.evaluate(() => Object.assign(window, { sameDocument: true }))
    await this.goesOn(3)
    return { id, publisher }
  }

  /** So much more is played, on the same page. */
  async goesOn(seconds: number): Promise<void> {
    const before = await playedSeconds(this.#page)
    await expect.poll(() => playedSeconds(this.#page), BACK).toBeGreaterThan(before + seconds)
    await expect.poll(() => this.#page.getByTestId('player').getAttribute('data-state'), BACK).toBe('playing')
    expect(await this.#page.evaluate(() => 'sameDocument' in window)).toBe(true)
    expect(await this.#page.getByTestId('player-failure').count()).toBe(0)
  }

  /** The encoder is gone for a while; another one comes in its place. */
  async comesBackAfter(awayMs: number): Promise<string> {
    const { id, publisher } = await this.begin()
    await publisher.kill()
    await wait(awayMs)
    expect(await videosWith('live')).toContain(id)
    const another = this.publish()
    await expect
      .poll(async () => (await playlistOf('live', id)).source, BACK)
      .toMatch(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="[^"]*\/2\/init.mp4"/)
    await this.goesOn(5)
    expect(await videosWith('live')).toContain(id)
    await another.stop()
    await expect.poll(() => videosWith('ready'), BACK).toContain(id)
    return id
  }

  async comesBackTooLate(): Promise<void> {
    const { id, publisher } = await this.begin()
    await publisher.kill()
    await wait(75_000)
    expect(await videosWith('ready')).toContain(id)
    this.publish()
    expect(await this.#creator.liveId(id)).not.toBe(id)
  }

  /** A wireless network that stands still for seconds again and again. */
  async goesThroughStalls(): Promise<void> {
    const shaper = await Shaper.start(Number(new URL(platform.rtmpUrl).port), 5)
    try {
      const holds = { everyMs: 8_000, shortestMs: 500, longestMs: 5_000 }
      shaper.conditions = { ...perfect, delayMs: 20, jitterMs: 40, holds }
      const { id, publisher } = await this.begin(String(shaper.port))
      await this.goesOn(30)
      const { source: text } = await playlistOf('live', id)
      expect(text).not.toContain('#EXT-X-GAP')
      expect(text).not.toContain('/2/init.mp4')
      await publisher.stop()
    } finally {
      await shaper.close()
    }
  }
}

test('an encoder that is away for 5 s: the same broadcast goes on with another one, and its replay has both halves', async () => {
  const id = await Show.run(creator, (show) => show.comesBackAfter(5_000))
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
  const brief = await creator.withChannel('brief')
  await brief.set({ latency: 'low', ladder: 'off', reconnectWindowSeconds: 3 })
  await Show.run(brief, async (show) => {
    const { id, publisher } = await show.begin()
    await publisher.kill()
    const lostAtMs = performance.now()
    await expect.poll(() => videosWith('ready'), BACK).toContain(id)
    expect(performance.now() - lostAtMs).toBeGreaterThan(2_500)
    expect(await videosWith('live')).not.toContain(id)
  })
}, 120_000)

test.runIf(LONG)(
  'encoders that are away for 30 and 55 s come back in time, after 75 s not; a network that stalls takes nobody away',
  async () => {
    const acts: ((show: Show) => Promise<unknown>)[] = [
      (show) => show.comesBackAfter(30_000),
      (show) => show.comesBackAfter(55_000),
      (show) => show.comesBackTooLate(),
      (show) => show.goesThroughStalls(),
    ]
    const outcomes = await Promise.allSettled(
      acts.map(async (act, i) => {
        const channel = await creator.withChannel(`away${i}`)
        await channel.set({ latency: 'low', ladder: 'off', reconnectWindowSeconds: 60 })
        await Show.run(channel, act)
      }),
    )
    expect(
      outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : [])),
    ).toEqual([])
  },
  300_000,
)
