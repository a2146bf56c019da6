import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, complaintsOf, launchBrowser, type Page } from '../support/browser.ts'
import { type HostileCase, hostileCases } from '../support/corpus/cases.ts'
import { publishScript } from '../support/corpus/publish.ts'
import type { Script } from '../support/corpus/script.ts'
import { Creator } from '../support/creator.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { readPlaying, recordPlaying, untilPlaying } from '../support/player.ts'

// Streams as bad encoders and networks make them, published in real time, watched live and as a replay in Chromium. Each
// also goes through packager, linter and VOD, sample by sample, in test/support/corpus.

/** So many at once, each on a channel of its own. The trouble is at 3 to 10 s of 12 to 20. */
const BATCH = 3
const BATCHES = Array.from({ length: Math.ceil(hostileCases.length / BATCH) }, (_, i) =>
  hostileCases.slice(i * BATCH, (i + 1) * BATCH),
)
/** Who comes later than its first frame sees nothing of these live: there is no IDR to begin with. */
const REPLAY_ONLY: readonly string[] = ['no key frame but the first', 'open groups of pictures']
/** Media that comes in one burst after a stall is late already: a player may go to live instead of seeing all of it. */
const STALL_S: Readonly<Record<string, number>> = { 'a stall of 5 s, then a burst': 5 }
/** What a viewer waits for a picture to begin with where key frames are far apart. */
const KEY_FRAMES_APART_S = 8
const FIRST_FRAME_CEILING_MS = 60_000
/** What of the time between the first frame and the page's turn to the replay need not be played: beginning and end. */
const MISSED_S = 6
const REPLAY_SPEED = 3

let platform: Platform
let browser: Browser
let creators: Creator[]

beforeAll(async () => {
  ;[platform, browser] = await Promise.all([startPlatform(), launchBrowser()])
  const first = await Creator.first(platform)
  creators = [first, await first.withChannel('grace'), await first.withChannel('joan')]
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await platform?.stop()
}, 60_000)

for (const batch of BATCHES) {
  test(`plays through: ${batch.map(({ name }) => name).join('; ')}`, async () => {
    // Before anybody watches: encoding takes all of a small machine.
    const scripts = await Promise.all(batch.map((hostile) => hostile.make()))
    const outcomes = await Promise.allSettled(
      batch.map((hostile, i) =>
        playThrough(hostile, scripts[i] ?? missing('script'), creators[i] ?? missing('channel')),
      ),
    )
    const failures = outcomes.flatMap((outcome, i) =>
      outcome.status === 'rejected' ? [`${batch[i]?.name}: ${String(outcome.reason)}`] : [],
    )
    expect(failures).toEqual([])
  }, 240_000)
}

async function playThrough(hostile: HostileCase, cues: Script, creator: Creator): Promise<void> {
  // Frames too far apart for short parts: such a channel has normal latency.
  const latency = hostile.outcome.breaks.length > 0 ? 'normal' : 'low'
  await creator.set({ latency, ladder: 'off' })
  const viewers = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const page = await viewers.newPage()
    const complaints = complaintsOf(page)
    const port = Number(new URL(platform.rtmpUrl).port)
    const published = publishScript(port, creator.key, cues)
    const watched = REPLAY_ONLY.includes(hostile.name) ? creator.liveId() : watchLive(page, hostile, creator)
    await published
    const id = await watched
    await watchReplay(page, id, hostile)
    expect(complaints).toEqual([])
  } finally {
    await viewers.close()
  }
}

/** @returns the stream's id */
async function watchLive(page: Page, { name, outcome }: HostileCase, creator: Creator): Promise<string> {
  const id = await creator.liveId()
  await page.goto(`${platform.url}/watch/${id}`)
  await untilPlaying(page, FIRST_FRAME_CEILING_MS)
  await recordPlaying(page)
  const watchedSinceMs = performance.now()
  if (outcome.captions) await showCaptions(page)
  const player = page.getByTestId('player')
  await expect.poll(() => player.getAttribute('data-kind'), { timeout: 60_000 }).toBe('vod')
  const watchedS = (performance.now() - watchedSinceMs) / 1000
  const { playedS, widths, captions } = await readPlaying(page)
  const missedS = MISSED_S + (STALL_S[name] ?? 0) + (outcome.independent ? 0 : KEY_FRAMES_APART_S)
  expect(playedS, `seconds played of ${watchedS} s live`).toBeGreaterThan(watchedS - missedS)
  expect(await page.getByTestId('player-failure').count()).toBe(0)
  const sizes = [outcome.size, ...outcome.turns.map(({ size }) => size)].map((size) =>
    Number.parseInt(size, 10),
  )
  expect(widths.at(-1)).toBe(sizes.at(-1))
  if (outcome.captions) expect(captions.join(' ')).toContain('HELLO')
  return id
}

async function showCaptions(page: Page): Promise<void> {
  await page.getByTestId('player').hover()
  await page.getByTestId('captions').click()
}

async function watchReplay(page: Page, id: string, { outcome }: HostileCase): Promise<void> {
  // Guests' pages are shared for a moment: one may still say that the stream is live, and would offer its replay.
  const player = page.getByTestId('player')
  await expect
    .poll(() => page.goto(`${platform.url}/watch/${id}`).then(() => player.getAttribute('data-kind')), {
      timeout: 60_000,
    })
    .toBe('vod')
  const replay = page.getByTestId('video')
  // A page that still said "live" and heard of the end since then offers the replay; it doesn't start it. A source that
  // the page opens meanwhile interrupts a play() that came too early.
  const plays = (video: HTMLVideoElement) => {
    if (video.paused) video.play().catch(() => {})
    return !video.paused && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
  }
  await expect.poll(() => replay.evaluate(plays), { timeout: FIRST_FRAME_CEILING_MS }).toBe(true)
  await untilPlaying(page, FIRST_FRAME_CEILING_MS)
  const { start, duration } = await replay.evaluate((video: HTMLVideoElement, speed) => {
    video.currentTime = 0
    video.playbackRate = speed
    return { start: video.seekable.start(0), duration: video.duration }
  }, REPLAY_SPEED)
  expect(start).toBe(0)
  expect(Math.abs(duration - outcome.durationMs / 1000), `a replay of ${duration} s`).toBeLessThan(0.5)
  await recordPlaying(page)
  await expect
    .poll(() => replay.evaluate((video: HTMLVideoElement) => video.ended), { timeout: 60_000 })
    .toBe(true)
  expect((await readPlaying(page)).playedS).toBeGreaterThan(duration - 1.5)
  expect(await page.getByTestId('player-failure').count()).toBe(0)
}

function missing(what: string): never {
  throw new Error(`a batch has more cases than there is of: ${what}`)
}
