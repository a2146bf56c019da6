import { setTimeout as wait } from 'node:timers/promises'
import { percentile } from '../support/distribution.ts'
import { HttpConnection } from '../support/http-connection.ts'
import { livePosition } from '../support/live-position.ts'
import { LiveStage, type StagedStream, type StreamOptions } from '../support/live-stage.ts'
import type { Bench, Row } from './report.ts'

const WARM_MS = 3_000
const AWAY_MS = 1_000
const THERE_MS = 1_000

interface Run extends StreamOptions {
  subject: string
  rounds: number
}

const low: Run = { subject: 'StreamTube, parts of 210 ms', latency: 'low', ladder: 'off', rounds: 32 }
const normal: Run = { subject: 'StreamTube, parts of 510 ms', latency: 'normal', ladder: 'off', rounds: 12 }

/** How soon viewers get the first part of an encoder that comes back. */
export const bench: Bench = async (say) => {
  const stage = await LiveStage.start(say)
  try {
    const results = new Map<Run, number[]>()
    for (const run of [low, normal]) {
      say(`${run.subject}: ${run.rounds} times`)
      results.set(run, await measure(stage, run))
    }
    const p95 = percentile(results.get(low) ?? [], 0.95)
    return {
      name: 'recover',
      setting:
        'one publisher of 720p30 at 2.6 Mb/s, recorded, whose connection is closed without a goodbye and who comes back ' +
        `${AWAY_MS} ms later; one reader of the source rung at the edge by blocking reloads; from the encoder's publish ` +
        "command to the playlist's being read that lists the first part of its new session, which holds 6 frames (200 ms) " +
        'or 15 (500 ms)',
      rows: [...results].flatMap(([{ subject }, values]) => rowsOf(subject, values)),
      targets: [{ name: 'recover-p95', figure: p95, unit: 'ms', op: '<=', bound: 500 }],
    }
  } finally {
    await stage.close()
  }
}

function rowsOf(subject: string, values: readonly number[]): Row[] {
  const shares = { p50: 0.5, p95: 0.95, p99: 0.99 }
  const note = `of ${values.length} times, the last of them ${Math.round(Math.max(...values))} ms`
  return Object.entries(shares).map(([name, share]) => ({
    subject,
    figure: percentile(values, share),
    unit: `ms ${name}`,
    ...(name === 'p99' && { note }),
  }))
}

async function measure(stage: LiveStage, run: Run): Promise<number[]> {
  const stream = await stage.publish(run)
  const connection = new HttpConnection(stage.port)
  try {
    const playlist = `${await stream.play()}source.m3u8`
    const values: number[] = []
    await wait(WARM_MS)
    for (let round = 0; round < run.rounds; round++) {
      values.push(await recover(stream, connection, playlist))
      await wait(THERE_MS)
    }
    return values
  } finally {
    connection.close()
    await stream.stop()
  }
}

/** One return of the encoder; how long a reader waited for its first part, in ms. */
async function recover(stream: StagedStream, connection: HttpConnection, playlist: string): Promise<number> {
  stream.lose()
  await wait(AWAY_MS)
  let answer = await connection.read(playlist)
  const epochBefore = newestEpoch(answer.body)
  const sentAtMs = stream.comeBack()
  while (newestEpoch(answer.body) === epochBefore) {
    const { msn, part } = livePosition(answer.body.toString())
    answer = await connection.read(`${playlist}?_HLS_msn=${msn}&_HLS_part=${part}`)
  }
  return answer.atMs - (await sentAtMs)
}

/** Of the parts that are listed. */
function newestEpoch(playlist: Buffer): number {
  const epochs = [...playlist.toString().matchAll(/#EXT-X-PART:.*\/(\d+)\/p\d+\.m4s/g)]
  return Math.max(0, ...epochs.map((match) => Number(match[1])))
}
