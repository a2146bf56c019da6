import { setTimeout as wait } from 'node:timers/promises'
import { percentile } from '../support/distribution.ts'
import { HttpConnection } from '../support/http-connection.ts'
import { livePosition } from '../support/live-position.ts'
import { LiveStage, type StreamOptions } from '../support/live-stage.ts'
import { lastStampMs } from '../support/stamps.ts'
import type { Bench, Row } from './report.ts'

const WARM_MS = 4_000
const EVERY_MS = 1_000

interface Run extends StreamOptions {
  subject: string
  seconds: number
}

const low: Run = { subject: 'StreamTube, parts of 210 ms', latency: 'low', ladder: 'off', seconds: 35 }
const normal: Run = { subject: 'StreamTube, parts of 510 ms', latency: 'normal', ladder: 'off', seconds: 15 }
const laden: Run = { subject: 'StreamTube, ladder and lists', latency: 'low', ladder: 'on', seconds: 25 }

/** How long after its last frame was sent a part is listed at the edge. */
export const bench: Bench = async (say) => {
  const stage = await LiveStage.start(say)
  try {
    const results = new Map<Run, number[]>()
    for (const run of [low, normal, laden]) {
      say(`${run.subject}: ${run.seconds} s`)
      results.set(run, await measure(stage, run))
    }
    const of = (run: Run, share: number) => percentile(results.get(run) ?? [], share)
    return {
      name: 'parts',
      setting:
        'one publisher of 720p30 at 2.6 Mb/s, recorded; one reader of the source rung at the edge by blocking reloads of ' +
        "delta updates; from a part's last frame's being sent to the playlist's being read that lists it. There is no " +
        'search yet: with the ladder on, one list of videos a second is asked for instead of a search',
      rows: [
        ...[...results].flatMap(([{ subject }, values]) => rowsOf(subject, values)),
        { subject: 'MediaMTX, parts of 200 ms', figure: 35, unit: 'ms p50', recorded: true },
        { subject: 'MediaMTX, parts of 200 ms', figure: 44, unit: 'ms p99', recorded: true },
      ],
      targets: [
        { name: 'low-p50', figure: of(low, 0.5), unit: 'ms', op: '<=', bound: 10 },
        { name: 'low-p99', figure: of(low, 0.99), unit: 'ms', op: '<=', bound: 30 },
        { name: 'normal-p50', figure: of(normal, 0.5), unit: 'ms', op: '<=', bound: 10 },
        { name: 'normal-p99', figure: of(normal, 0.99), unit: 'ms', op: '<=', bound: 30 },
        { name: 'ladder-and-lists-p99', figure: of(laden, 0.99), unit: 'ms', op: '<=', bound: 60 },
      ],
    }
  } finally {
    await stage.close()
  }
}

function rowsOf(subject: string, values: readonly number[]): Row[] {
  const shares = { p50: 0.5, p95: 0.95, p99: 0.99 }
  const note = `of ${values.length} parts, the last of them ${Math.round(Math.max(...values))} ms`
  return Object.entries(shares).map(([name, share]) => ({
    subject,
    figure: percentile(values, share),
    unit: `ms ${name}`,
    ...(name === 'p99' && { note }),
  }))
}

async function measure(stage: LiveStage, run: Run): Promise<number[]> {
  const stream = await stage.publish(run)
  const beside =
    run.ladder === 'on' ? setInterval(() => void stage.read('/api/v1/videos'), EVERY_MS) : undefined
  try {
    await wait(WARM_MS)
    return await follow(stage, await stream.play(), run.seconds)
  } finally {
    clearInterval(beside)
    await stream.stop()
  }
}

/** Waits for part after part as a player does; how late each was listed, in ms. */
async function follow(stage: LiveStage, path: string, seconds: number): Promise<number[]> {
  const connection = new HttpConnection(stage.port)
  const values: number[] = []
  try {
    let position = livePosition((await connection.read(`${path}source.m3u8`)).body.toString())
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      const directives = `_HLS_msn=${position.msn}&_HLS_part=${position.part}&_HLS_skip=YES`
      const listing = await connection.read(`${path}source.m3u8?${directives}`)
      position = livePosition(listing.body.toString())
      const { pathname } = new URL(String(position.parts.at(-1)), `http://edge${path}`)
      const sentAtMs = lastStampMs((await connection.read(pathname)).body)
      if (sentAtMs === null) throw new Error('a part has no send time in it')
      values.push(listing.atMs - sentAtMs)
    }
  } finally {
    connection.close()
  }
  return values
}
