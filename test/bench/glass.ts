import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launchBrowser, temporaryFolder } from '../support/browser.ts'
import { Creator } from '../support/creator.ts'
import { percentile } from '../support/distribution.ts'
import { ClockPublisher, FRAME_RATE, type FrameTimes } from '../support/glass/clock-publisher.ts'
import { ListedFrames } from '../support/glass/listed-frames.ts'
import { readClock, type ShownFrame, watchClock } from '../support/glass/page-clock.ts'
import { livePosition } from '../support/live-position.ts'
import { startPlatform } from '../support/platform.ts'
import { untilPlaying } from '../support/player.ts'
import { makeSource } from '../support/publisher.ts'
import { clockMs } from '../support/stamps.ts'
import type { Bench, Row } from './report.ts'

/** Until decoders, the measured connection and the page's own code have settled. */
const WARM_MS = 10_000
const BOUND_MS = 1_200

/** A frame's way, in milliseconds. */
interface Way {
  encode: number
  publish: number
  part: number
  edge: number
  player: number
  total: number
}

/** How old a picture is when a browser shows it, and where the time goes. `--seconds N`: how long (60). */
export const bench: Bench = async (say) => {
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } }, strict: false })
  const seconds = Number(values.seconds)
  const { ways, stalls, unread, statistics } = await measure(seconds, say)
  const totals = ways.map(({ total }) => total)
  return {
    name: 'glass',
    setting:
      `720p30 from x264 (ultrafast, zerolatency, 2.5 Mb/s) with sound, parts of 210 ms, no ladder; the whole platform, the encoder and ` +
      `headless Chromium (software decoder) on this machine; the clock in every fifth picture, ${ways.length} in ${seconds} s` +
      `${unread > 0 ? `, ${unread} more unreadable` : ''}; at the end: ${statistics}`,
    rows: [
      ...(['encode', 'publish', 'part', 'edge', 'player', 'total'] as const).flatMap((stage) =>
        rowsOf(
          stage,
          ways.map((way) => way[stage]),
        ),
      ),
    ],
    targets: [
      { name: 'glass-p95', figure: percentile(totals, 0.95), unit: 'ms', op: '<=', bound: BOUND_MS },
      {
        name: 'stalls',
        figure: ways.length > 0 ? stalls : Number.NaN,
        unit: `in ${seconds} s`,
        op: '<=',
        bound: 0,
      },
    ],
  }
}

const meanings = {
  encode: 'from the picture to the encoded frame',
  publish: 'to the kernel, for the ingest',
  part: "until its part's last frame is sent",
  edge: 'from there to the listing at the edge',
  player: 'from there to the screen',
  total: 'glass to glass',
}

function rowsOf(stage: keyof Way, values: readonly number[]): Row[] {
  return (
    [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const
  ).map(([name, share]) => ({
    subject: stage,
    figure: percentile(values, share),
    unit: `ms ${name}`,
    ...(name === 'p50' && { note: meanings[stage] }),
  }))
}

async function measure(seconds: number, say: (line: string) => void) {
  const folder = await temporaryFolder('glass')
  const sound = await makeSource(folder.path, { width: 64, height: 36, videoBitrateBps: 50_000 })
  say('starting StreamTube and Chromium')
  const [platform, browser] = await Promise.all([startPlatform(), launchBrowser({ lint: false })])
  const watching = new AbortController()
  let publisher: ClockPublisher | undefined
  try {
    const creator = await Creator.first(platform)
    await creator.set({ latency: 'low', ladder: 'off' })
    publisher = await ClockPublisher.start(Number(new URL(platform.rtmpUrl).port), creator.key, sound)
    const id = await creator.liveId()
    const listedMs: number[] = []
    const listings = watchListings(await creator.play(id), listedMs, watching.signal)
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    await page.goto(`${platform.url}/watch/${id}`)
    await untilPlaying(page, 30_000)
    await page.getByTestId('player').focus()
    await wait(WARM_MS)
    say(`measuring for ${seconds} s`)
    await watchClock(page)
    await Promise.race([wait(seconds * 1000), publisher.failed, listings])
    const { shown, unread, stalls } = await readClock(page)
    await page.keyboard.press('i')
    const statistics = (await page.getByTestId('statistics-latency').innerText()).trim()
    watching.abort()
    await listings
    return { ways: waysOf(shown, publisher.frames, listedMs), unread, stalls, statistics }
  } finally {
    watching.abort()
    await publisher?.stop()
    await browser.close()
    await platform.stop()
    await folder.remove()
  }
}

/** Follows the source rung at the edge as a player does, and notes when each frame was first listed. */
async function watchListings(master: URL, listedMs: number[], signal: AbortSignal): Promise<void> {
  const listed = new ListedFrames(FRAME_RATE)
  let directives = ''
  while (!signal.aborted) {
    try {
      const response = await fetch(new URL(`source.m3u8${directives}`, master), { signal })
      const text = await response.text()
      const nowMs = clockMs()
      if (!response.ok) throw new Error(`${response.status} for the playlist: ${text}`)
      for (const count = listed.count(text); listedMs.length < count; ) listedMs.push(nowMs)
      const { msn, part } = livePosition(text)
      directives = `?_HLS_msn=${msn}&_HLS_part=${part}`
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}

/** Puts together what the publisher, the edge and the page know of each frame that was seen. */
function waysOf(shown: ShownFrame[], frames: readonly FrameTimes[], listedMs: readonly number[]): Way[] {
  const numbers = new Map(frames.map(({ drawnMs }, number) => [drawnMs, number]))
  return shown.flatMap(({ drawnMs, shownMs }) => {
    const number = numbers.get(drawnMs)
    const frame = number === undefined ? undefined : frames[number]
    const listed = listedMs[number ?? -1]
    if (number === undefined || !frame || listed === undefined) return []
    // Frames of one part are listed at one time.
    let last = number
    while (listedMs[last + 1] === listed) last++
    const lastSentMs = frames[last]?.sentMs ?? frame.sentMs
    return {
      encode: frame.encodedMs - drawnMs,
      publish: frame.sentMs - frame.encodedMs,
      part: lastSentMs - frame.sentMs,
      edge: listed - lastSentMs,
      player: shownMs - listed,
      total: shownMs - drawnMs,
    }
  })
}
