import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Creator } from '../support/creator.ts'
import { percentile } from '../support/distribution.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { makeSource } from '../support/publisher.ts'
import { recordedFiles, writtenSince } from '../support/recorded-files.ts'
import { type ReadySource, readSource, Sender } from '../support/rtmp-sender.ts'
import type { Bench } from './report.ts'

const ROUNDS = 12
const STREAM_MS = 10 * 60_000
/** All but the end of a stream is sent so many times faster than it happens. */
const FASTER = 40
/** The end of it at its own pace, so that the end is that of a stream and not of a queue. */
const LAST_MS = 6_000
const TICK_MS = 5
const LOOK_EVERY_MS = 10
const DEADLINE_MS = 30_000
/** What is written in this time after the end counts. */
const SETTLED_MS = 3_000

interface End {
  playableMs: number
  /** Of the segments that were being made when the stream ended. */
  tailBytes: number
  /** Of all else. */
  otherBytes: number
}

/** From an encoder's goodbye to a video that plays from its first to its last segment, and what was written for that. */
export const bench: Bench = async (say) => {
  const folder = mkdtempSync(join(tmpdir(), 'streamtube-vod-'))
  let platform: Platform | undefined
  try {
    const file = await makeSource(folder, { width: 640, height: 360, videoBitrateBps: 1_000_000 })
    const source = await readSource(file)
    platform = await startPlatform()
    const creator = await Creator.first(platform)
    await creator.set({ latency: 'low', ladder: 'off' })
    const ends: End[] = []
    let previous: string | null = null
    for (let round = 1; round <= ROUNDS; round++) {
      const { id, end } = await endOfStream(platform, creator, source, previous)
      previous = id
      ends.push(end)
      say(`${round}/${ROUNDS}: ${Math.round(end.playableMs)} ms, ${end.tailBytes} + ${end.otherBytes} bytes`)
    }
    const times = ends.map(({ playableMs }) => playableMs)
    const sum = (of: (end: End) => number) => ends.reduce((total, end) => total + of(end), 0)
    return {
      name: 'vod',
      setting:
        `${ROUNDS} streams of ${STREAM_MS / 60_000} minutes (360p, 1 Mb/s, ${FASTER} times faster but for the last ` +
        `${LAST_MS / 1000} s): from the encoder's goodbye until master, complete list and first segment are answered ` +
        'by the edge as a video',
      rows: [
        { subject: 'playable, p50', figure: percentile(times, 0.5), unit: 'ms' },
        { subject: 'playable, p95', figure: percentile(times, 0.95), unit: 'ms' },
        { subject: 'playable, p99', figure: percentile(times, 0.99), unit: 'ms' },
        {
          subject: 'written for the last segments',
          figure: sum((end) => end.tailBytes) / ROUNDS,
          unit: 'bytes a stream',
        },
      ],
      targets: [
        { name: 'vod-playable-p95', figure: percentile(times, 0.95), unit: 'ms', op: '<=', bound: 1000 },
        {
          name: 'vod-bytes-copied',
          figure: sum((end) => end.otherBytes),
          unit: 'bytes',
          op: '<=',
          bound: 0,
        },
      ],
    }
  } finally {
    await platform?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function endOfStream(
  platform: Platform,
  creator: Creator,
  source: ReadySource,
  previous: string | null,
): Promise<{ id: string; end: End }> {
  const sender = new Sender(Number(new URL(platform.rtmpUrl).port), creator.key, source)
  await pace(sender, 0, STREAM_MS - LAST_MS, FASTER)
  const id = await creator.liveId(previous)
  await pace(sender, STREAM_MS - LAST_MS, STREAM_MS, 1)
  const before = recordedFiles(platform.dataDir, id)
  const endedAtMs = performance.now()
  const finished = sender.finish()
  await untilPlayable(platform, id, endedAtMs + DEADLINE_MS)
  const playableMs = performance.now() - endedAtMs
  await finished
  await wait(SETTLED_MS)
  const { tailBytes, otherBytes } = writtenSince(before, recordedFiles(platform.dataDir, id))
  return { id, end: { playableMs, tailBytes, otherBytes } }
}

async function pace(sender: Sender, fromMs: number, toMs: number, faster: number): Promise<void> {
  const startedAtMs = performance.now()
  for (let atMs = fromMs; atMs < toMs; ) {
    await wait(TICK_MS)
    atMs = Math.min(toMs, fromMs + (performance.now() - startedAtMs) * faster)
    // What the node has not taken waits here, not in memory without end.
    if (sender.socket.writableLength < 1024 * 1024) sender.sendUntil(atMs)
  }
  sender.sendUntil(toMs)
}

/** As a player asks: leave to play, the master, the whole list, its first segment. */
async function untilPlayable(platform: Platform, id: string, deadlineMs: number): Promise<void> {
  for (; performance.now() < deadlineMs; await wait(LOOK_EVERY_MS)) {
    const granted = await fetch(`${platform.url}/api/v1/playback/vod/${id}`, {
      method: 'POST',
      headers: { origin: platform.url },
    })
    const { master } = (await granted.json()) as { master?: string }
    if (master === undefined) continue
    const address = new URL(master, platform.url)
    const variant = /^[^#\s].*$/m.exec(await read(address))?.[0] ?? ''
    const list = new URL(variant, address)
    const text = await read(list)
    if (!isComplete(text)) continue
    const first = /^[^#\s].*$/m.exec(text)?.[0] ?? ''
    await read(new URL(first, list))
    return
  }
  throw new Error('the video could not be played in time')
}

/** All of the stream but what is less than a frame's time. */
function isComplete(playlist: string): boolean {
  const seconds = [...playlist.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, duration]) => Number(duration))
  const total = seconds.reduce((sum, duration) => sum + duration, 0)
  return playlist.trimEnd().endsWith('#EXT-X-ENDLIST') && total > STREAM_MS / 1000 - 0.1
}

async function read(url: URL): Promise<string> {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${response.status} for ${url.pathname}`)
  return await response.text()
}
