import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { hashOf, ListedSegments, segmentsOf } from '../support/listed-segments.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { makeSource, type Publisher, startPublisher } from '../support/publisher.ts'

// Stores refuse in the middle of a stream, for long: `npm run test:long`. What it rests on is tested by the clock beside
// the spool and the recorder.

const LONG = process.env.LONG === '1'
const REFUSED_MS = 30_000
const FULL_MS = 15_000
const BACK = { timeout: 60_000, interval: 200 }
const RENDITIONS = ['source', 'audio']

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let platform: Platform
let publisher: Publisher
let viewer: ListedSegments
let id: string

beforeAll(async () => {
  folder = await temporaryFolder('store-faults')
})
afterEach(async () => {
  await publisher?.stop()
  await viewer?.stop()
  await platform?.stop()
}, 60_000)
afterAll(() => folder?.remove())

async function begin(env: Record<string, string>): Promise<void> {
  const source = await makeSource(folder.path, {
    seconds: 20,
    width: 320,
    height: 180,
    videoBitrateBps: 400_000,
  })
  platform = await startPlatform({ env })
  const creator = await Creator.first(platform)
  await creator.set({ latency: 'low', ladder: 'off' })
  publisher = startPublisher(source, `${platform.rtmpUrl}/${creator.key}`)
  id = await creator.liveId()
  viewer = new ListedSegments(await creator.play(id), RENDITIONS)
  await expect.poll(() => viewer.hashes.size, BACK).toBeGreaterThan(4)
}

/** How many segments a viewer saw come in a while. */
async function listedIn(ms: number): Promise<number> {
  const before = viewer.hashes.size
  await wait(ms)
  return viewer.hashes.size - before
}

async function endAndCompare(): Promise<void> {
  await publisher.stop()
  await viewer.stop()
  const origin = platform.url
  await expect
    .poll(async () => (await (await fetch(`${origin}/api/v1/videos?state=ready`)).text()).includes(id), BACK)
    .toBe(true)
  const answer = await fetch(`${origin}/api/v1/playback/vod/${id}`, { method: 'POST', headers: { origin } })
  const { master } = (await answer.json()) as { master: string }
  const inVideo = new Map<string, string>()
  for (const renditionId of RENDITIONS) {
    const playlist = new URL(`${renditionId}.m3u8`, new URL(master, origin))
    const listed = segmentsOf(await (await fetch(playlist)).text(), playlist)
    for (const { address, url } of listed) inVideo.set(address, await hashOf(url))
  }
  const lost = [...viewer.hashes].filter(([address, hash]) => hash !== inVideo.get(address))
  expect(lost).toEqual([])
  expect(inVideo.size).toBeGreaterThanOrEqual(viewer.hashes.size)
}

const says = (words: string) => platform.logs.some(({ msg }) => msg.includes(words))

describe.runIf(LONG)('a stream goes on, and all of it is kept', () => {
  test('while blobs refuse for 30 s', async () => {
    await begin({})
    const [writes, away] = ['.tmp', '.away'].map((name) => join(platform.dataDir, 'blobs', name)) as [
      string,
      string,
    ]
    renameSync(writes, away)
    const listed = await listedIn(REFUSED_MS)
    renameSync(away, writes)
    expect(listed).toBeGreaterThan(((REFUSED_MS / 2_000) * RENDITIONS.length) / 2)
    expect(says('The store does not take segments')).toBe(true)
    await expect.poll(() => listedIn(1_000), BACK).toBeGreaterThan(0)
    await endAndCompare()
  }, 240_000)

  test('while the spool’s disk is full, which is said, and over by itself', async (context) => {
    const disk = join(folder.path, 'disk')
    mkdirSync(disk)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk], { stdio: 'pipe' })
    } catch {
      context.skip('only root can mount a small disk')
    }
    try {
      await begin({ SPOOL_DIR: join(disk, 'spool') })
      const full = join(disk, 'full')
      // Whatever becomes free is taken at once.
      const filling = setInterval(() => fill(full), 50)
      try {
        await expect.poll(() => says('The spool is not written'), BACK).toBe(true)
        expect(await listedIn(FULL_MS)).toBeGreaterThan(((FULL_MS / 2_000) * RENDITIONS.length) / 2)
      } finally {
        clearInterval(filling)
      }
      rmSync(full)
      await expect.poll(() => says('The spool is written again'), BACK).toBe(true)
      await endAndCompare()
    } finally {
      await platform?.stop()
      execFileSync('umount', [disk])
    }
  }, 240_000)
})

/** Takes every byte that a disk has left. */
function fill(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}
