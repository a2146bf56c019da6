import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { hashOf, ListedSegments, segmentsOf } from '../support/listed-segments.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { keepPublishing, makeSource } from '../support/publisher.ts'

// Ingest, api or both are killed at random moments of a stream. Whatever a viewer saw listed as complete is in the
// video, bit by bit, and it is one video.

const LONG = process.env.LONG === '1'
/** A part that dies again and again is started later each time: so many kills make a stream, then a fresh platform. */
const KILLS = LONG ? 5 : 3
const STREAMS = LONG ? 10 : 1
/** Where in the life of a segment it happens. */
const WITHIN_MS = 3_000
/** Many times what it takes on an idle machine. */
const BACK = { timeout: 60_000, interval: 200 }
const RENDITIONS = ['source', 'audio']
const VICTIMS = [['main.ts ingest'], ['main.ts api'], ['main.ts ingest', 'main.ts api']] as const

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let source: string
let platform: Platform | null = null

beforeAll(async () => {
  folder = await temporaryFolder('kill')
  source = await makeSource(folder.path, { seconds: 20, width: 320, height: 180, videoBitrateBps: 400_000 })
}, 60_000)

afterEach(async () => {
  await platform?.stop()
  platform = null
}, 60_000)

afterAll(() => folder?.remove())

const pidsOf = (parts: readonly string[]) =>
  platform
    ?.processes()
    .filter(({ command }) => parts.some((part) => command.includes(part)))
    .map(({ pid }) => pid) ?? []

async function videosWith(state: 'live' | 'ready'): Promise<string[]> {
  const response = await fetch(`${platform?.url}/api/v1/videos?state=${state}`)
  const { items } = (await response.json()) as { items: { id: string }[] }
  return items.map(({ id }) => id)
}

async function playlistOf(kind: 'vod', id: string, renditionId: string): Promise<URL> {
  const origin = String(platform?.url)
  const response = await fetch(`${origin}/api/v1/playback/${kind}/${id}`, {
    method: 'POST',
    headers: { origin },
  })
  const { master } = (await response.json()) as { master: string }
  return new URL(`${renditionId}.m3u8`, new URL(master, origin))
}

/** What the video holds: the hash of each segment by its address, read anew by everybody in between. */
async function readVideo(id: string): Promise<Map<string, string>> {
  for (const pid of pidsOf(['main.deno.ts'])) process.kill(pid, 'SIGKILL')
  await expect.poll(() => videosWith('ready').catch(() => []), BACK).toEqual([id])
  const hashes = new Map<string, string>()
  for (const renditionId of RENDITIONS) {
    const playlist = await playlistOf('vod', id, renditionId)
    const text = await (await fetch(playlist)).text()
    expect(text).toContain('#EXT-X-ENDLIST')
    for (const { address, url } of segmentsOf(text, playlist)) hashes.set(address, await hashOf(url))
  }
  return hashes
}

test.each(Array.from({ length: STREAMS }, (_, i) => i + 1))(
  'stream %i outlives them, and nothing that was listed is lost',
  async (stream) => {
    platform = await startPlatform()
    const creator = await Creator.first(platform)
    await creator.set({ latency: 'low', ladder: 'off' })
    const encoder = keepPublishing(source, `${platform.rtmpUrl}/${creator.key}`)
    const id = await creator.liveId()
    const viewer = new ListedSegments(await creator.play(id), RENDITIONS)
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const victims = VICTIMS[(stream + kill) % VICTIMS.length] ?? []
        const before = viewer.hashes.size
        await expect.poll(() => viewer.hashes.size, BACK).toBeGreaterThan(before + RENDITIONS.length)
        await new Promise((resolve) => setTimeout(resolve, Math.random() * WITHIN_MS))
        for (const pid of pidsOf(victims)) process.kill(pid, 'SIGKILL')
        const atKill = viewer.hashes.size
        await expect.poll(() => viewer.hashes.size, BACK).toBeGreaterThan(atKill + RENDITIONS.length)
      }
      await expect.poll(() => videosWith('live').catch(() => []), BACK).toEqual([id])
    } finally {
      await encoder.stop()
      await viewer.stop()
    }
    const inVideo = await readVideo(id)
    const seen = [...viewer.hashes]
    const lost = seen.filter(([address, hash]) => !inVideo.has(address) || hash !== inVideo.get(address))
    console.info(
      `stream ${stream}: ${seen.length} segments listed, ${inVideo.size} in the video, ${lost.length} lost`,
    )
    expect(lost).toEqual([])
    expect(await videosWith('live')).toEqual([])
  },
  300_000,
)
