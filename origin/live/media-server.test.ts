import { PART_AT_HEADER } from '@streamtube/contracts/headers.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SERVICE_TOKEN } from '../../test/support/ingest-api.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { LiveTimeline } from '../media/live-timeline.ts'
import type { PackagerEvent } from '../media/packager.ts'
import { packageAll, videoEvents, videoTrack } from '../media/test-samples.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'
import { mediaMetrics } from './media-metrics.ts'
import { type MediaServer, startMediaServer } from './media-server.ts'

const TIMELINE = '01jd0000000000000000000000'
const SPOOLED = Buffer.from('what only the spool has')
let counted: ReturnType<typeof testMetrics>
let timeline: LiveTimeline
let server: MediaServer
let events: PackagerEvent[]
let nowMs: number

beforeEach(async () => {
  nowMs = 1_000_000
  counted = testMetrics()
  timeline = new LiveTimeline({ timelineId: TIMELINE, partTargetMs: 210 })
  events = packageAll([
    { type: 'track', track: videoTrack() },
    ...videoEvents({ fps: 30, seconds: 10 }),
  ]).events
  server = await startMediaServer({
    host: '127.0.0.1',
    port: 0,
    edgeTokens: createEdgeTokenVerifier({ keys: [] }),
    serviceToken: SERVICE_TOKEN,
    timelineOf: (id) => (id === TIMELINE ? timeline : null),
    spooled: async (path) => (path.type === 'segment' && path.epoch === 7 ? SPOOLED : null),
    metrics: mediaMetrics(counted.metrics),
    log: quietLog,
    nowMs: () => nowMs,
  })
})

afterEach(async () => {
  timeline.end()
  await server.close()
})

const getObject = (rest: string) =>
  fetch(`http://127.0.0.1:${server.port}/media/${rest}`, {
    headers: { authorization: `Bearer ${SERVICE_TOKEN}` },
  })
const get = (query: string) => getObject(`live/${TIMELINE}/source.m3u8${query}`)

/** Applies what comes up to and with the next part, as having come in now; where that part is. */
function listPart(): { msn: number; part: number } {
  for (let event = events.shift(); event; event = events.shift()) {
    timeline.apply(event, nowMs)
    if (event.type === 'part') return { msn: event.part.sequence, part: event.part.index }
  }
  throw new Error('there are no more parts')
}

test('a reload that waited says when its part came in, and how long listing it took', async () => {
  const { msn, part } = listPart()
  const waiting = get(`?_HLS_msn=${msn}&_HLS_part=${part + 1}`)
  await expect.poll(() => counted.value('ingest_blocked_readers')).toBe(1)
  nowMs += 150
  listPart()
  nowMs += 4
  const answer = await waiting
  expect(answer.headers.get(PART_AT_HEADER)).toBe('1000150')
  expect(await answer.text()).toContain('p1.m4s"\n#EXT-X-PRELOAD-HINT')
  expect(await counted.value('ingest_blocked_readers')).toBe(0)
  expect(await counted.value('ingest_part_listed_seconds_sum')).toBeCloseTo(0.004)
  expect(await counted.value('ingest_part_listed_seconds_count')).toBe(1)
})

test('a reload that need not wait says nothing: its part is as old as the reader is late', async () => {
  const { msn, part } = listPart()
  nowMs += 100
  for (const query of ['', `?_HLS_msn=${msn}&_HLS_part=${part}`]) {
    const answer = await get(query)
    expect(answer.status).toBe(200)
    expect(answer.headers.has(PART_AT_HEADER)).toBe(false)
    await answer.arrayBuffer()
  }
  expect(await counted.value('ingest_part_listed_seconds_count')).toBe(0)
})

test.each([
  ['of a broadcast that this run has not seen', '01jd0000000000000000000009'],
  ['of one that goes on', TIMELINE],
])('a segment %s is read from the spool while no store has it', async (_, timelineId) => {
  const answer = await getObject(`m/${timelineId}/source/7/s3.m4s`)
  expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(SPOOLED.byteLength)])
  expect(await answer.text()).toBe(SPOOLED.toString())
  expect((await getObject(`m/${timelineId}/source/6/s3.m4s`)).status).toBe(404)
})
