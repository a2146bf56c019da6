import { setTimeout as wait } from 'node:timers/promises'
import { percentile } from '../support/distribution.ts'
import { type LivePosition, livePosition } from '../support/live-position.ts'
import { LiveStage } from '../support/live-stage.ts'
import { Crowd } from './readers/crowd.ts'
import type { WaitingAnswer, WaitingQuestion } from './readers/waiting.process.ts'
import type { Bench } from './report.ts'

const READERS = 1_000
const ROUNDS = 40
/** Rounds that only warm up. */
const WARM_ROUNDS = 10
/** Far enough ahead that all readers wait before it comes. */
const PARTS_AHEAD = 2
const REQUESTS = 'edge_origin_media_requests_total'

/** A thousand readers wait for one part: how long after the first of them the others get their answers. */
export const bench: Bench = async (say) => {
  const stage = await LiveStage.start(say)
  const crowd = new Crowd<WaitingQuestion, WaitingAnswer>(
    new URL('./readers/waiting.process.ts', import.meta.url),
  )
  try {
    const stream = await stage.publish({ latency: 'low', ladder: 'off' })
    const path = `${await stream.play()}source.m3u8`
    await crowd.ask({ open: READERS, port: stage.port })
    let position = livePosition((await stage.read(path)).body.toString())
    let [requestsBefore, partsBefore] = [Number.NaN, Number.NaN]
    const rounds: number[][] = []
    say(`${READERS} readers, ${WARM_ROUNDS} rounds to warm up, ${ROUNDS} to measure`)
    for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
      if (round === 0) {
        requestsBefore = await stage.edgeMetric(REQUESTS)
        partsBefore = newestPart(position)
      }
      const directives = `_HLS_msn=${position.msn}&_HLS_part=${position.part + PARTS_AHEAD}&_HLS_skip=YES`
      const { spreadMs, text } = await crowd.ask({ path: `${path}?${directives}` })
      position = livePosition(text)
      if (round >= 0) rounds.push(spreadMs)
      await wait(50)
    }
    const requests =
      ((await stage.edgeMetric(REQUESTS)) - requestsBefore) / (newestPart(position) - partsBefore)
    await stream.stop()
    const median = (share: number) =>
      percentile(
        rounds.map((round) => percentile(round, share)),
        0.5,
      )
    const worst = Math.max(...rounds.flat())
    const [p50, p95, last] = [median(0.5), median(0.95), median(1)]
    return {
      name: 'blocking',
      setting:
        `${READERS} readers of one process, each with a connection of HTTP/1.1, wait at the edge for the same part of the ` +
        `source rung; from the first reader's answer to the others', median of ${ROUNDS} parts`,
      rows: [
        { subject: 'StreamTube', figure: p50, unit: 'ms p50' },
        { subject: 'StreamTube', figure: p95, unit: 'ms p95' },
        {
          subject: 'StreamTube',
          figure: last,
          unit: 'ms last',
          note: `${Math.round(worst)} ms in the worst round`,
        },
        { subject: 'StreamTube', figure: requests, unit: 'origin requests a part' },
        { subject: 'MediaMTX', figure: 53, unit: 'ms p50', recorded: true },
        { subject: 'MediaMTX', figure: 103, unit: 'ms p95', recorded: true },
        { subject: 'MediaMTX', figure: 112, unit: 'ms last', recorded: true },
      ],
      targets: [
        { name: 'spread-p50', figure: p50, unit: 'ms', op: '<=', bound: 40 },
        { name: 'spread-p95', figure: p95, unit: 'ms', op: '<=', bound: 80 },
        { name: 'spread-last', figure: last, unit: 'ms', op: '<=', bound: 100 },
        { name: 'origin-requests', figure: requests, unit: 'a part', op: '<=', bound: 1 },
      ],
    }
  } finally {
    await crowd.close()
    await stage.close()
  }
}

/** Parts of a rendition are counted through the broadcast: the number in the newest one's address. */
function newestPart({ parts }: LivePosition): number {
  return Number(/(\d+)\.m4s$/.exec(parts.at(-1) ?? '')?.[1])
}
