import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, complaintsOf, launchBrowser, type Page } from '../support/browser.ts'
import { type HostileCase, hostileCases } from '../support/corpus/cases.ts'
import { publishScript } from '../support/corpus/publish.ts'
import { Creator } from '../support/creator.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { readPlaying, recordPlaying, untilPlaying } from '../support/player.ts'

// Streams as bad encoders and networks make them, published in real time, watched live and as a replay in Chromium. All
// the others of the corpus go through packager, linter and VOD in test/support/corpus.

/** In batches of three, each on a channel of its own. The trouble is at 3 to 10 s of 12 to 20. */
const BATCHES: readonly (readonly string[])[] = [
  ['another picture size in mid-stream', 'other sound in mid-stream', 'time stamps that wrap'],
  ['a stall of 5 s, then a burst', 'sound that stops', 'time stamps that step back 3 s'],
  ['no sound', '608 captions', 'a stall of 5 s of which the encoder keeps nothing'],
  [
    'sound that nobody announced, in another format, 3 s late',
    'another profile in mid-stream',
    'a new SPS in mid-stream, in band alone',
  ],
  ['a key frame every 8 s', 'no key frame but the first', 'time stamps that jump an hour ahead'],
]
/** Who comes later than its first frame sees nothing of it live: there is no picture to begin with. */
const REPLAY_ONLY = 'no key frame but the first'
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
  for (const creator of creators) await creator.set({ latency: 'low', ladder: 'off' })
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await platform?.stop()
}, 60_000)

for (const names of BATCHES) {
  test(`plays through: ${names.join('; ')}`, async () => {
    const outcomes = await Promise.allSettled(
      names.map((name, i) => playThrough(caseOf(name), creators[i] ?? creatorMissing())),
    )
    const failures = outcomes.flatMap((outcome, i) =>
      outcome.status === 'rejected' ? [`${names[i]}: ${String(outcome.reason)}`] : [],
    )
    expect(failures).toEqual([])
  }, 240_000)
}

async function playThrough(hostile: HostileCase, creator: Creator): Promise<void> {
  const cues = await hostile.make()
  const viewers = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const page = await viewers.newPage()
    const complaints = complaintsOf(page)
    const port = Number(new URL(platform.rtmpUrl).port)
    const published = publishScript(port, creator.key, cues)
    const watched = hostile.name === REPLAY_ONLY ? creator.liveId() : watchLive(page, hostile, creator)
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
  await untilPlaying(page, FIRST_FRAME_CEILING_MS)
  const replay = page.getByTestId('video')
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

function caseOf(name: string): HostileCase {
  const found = hostileCases.find((hostile) => hostile.name === name)
  if (!found) throw new Error(`no case is called "${name}"`)
  return found
}

function creatorMissing(): never {
  throw new Error('a batch has more cases than there are channels')
}
