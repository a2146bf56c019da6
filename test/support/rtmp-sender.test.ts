import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rtmpMetrics } from '../../origin/live/rtmp/metrics.ts'
import { type RtmpServer, startRtmpServer } from '../../origin/live/rtmp/server.ts'
import type { FlvTag } from '../../origin/media/flv/reader.ts'
import { quietLog, testMetrics } from './origin-parts.ts'
import { KeepingDesk } from './publish-desk.ts'
import { makeSource } from './publisher.ts'
import { type ReadySource, readSource, Sender } from './rtmp-sender.ts'
import { clockMs, lastStampMs } from './stamps.ts'

const FRAMES = 60

const folder = mkdtempSync(join(tmpdir(), 'streamtube-sender-'))
const desk = new KeepingDesk()
let server: RtmpServer
let source: ReadySource

beforeAll(async () => {
  const metrics = rtmpMetrics(testMetrics().metrics)
  server = await startRtmpServer({ host: '127.0.0.1', port: 0, desk, metrics, log: quietLog })
  const file = await makeSource(folder, { seconds: FRAMES / 30, width: 320, height: 180, frameRate: 30 })
  source = await readSource(file, { stamped: true })
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const isFrame = ({ type, data }: FlvTag) => type === 9 && data[1] === 1

test('pictures go on at their pace when the file begins again, and the stream ends with a goodbye', async () => {
  const sender = new Sender(server.port, 'pace', source)
  sender.sendUntil(2.5 * source.durationMs)
  const publication = await desk.publication('pace')
  await sender.finish()
  expect(await publication.closed).toBe('finished')
  const times = publication.tags.filter(isFrame).map((tag) => tag.timestampMs)
  expect(times.length).toBeGreaterThan(2 * FRAMES)
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0))
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(33)
  expect(Math.max(...steps)).toBeLessThanOrEqual(34)
})

test('each frame says when it was sent', async () => {
  const sender = new Sender(server.port, 'stamps', source)
  const beforeMs = clockMs()
  sender.sendUntil(source.durationMs - 1)
  const afterMs = clockMs()
  const publication = await desk.publication('stamps')
  await sender.finish()
  await publication.closed
  const sent = publication.tags.filter(isFrame).map((tag) => lastStampMs(Buffer.from(tag.data)) ?? 0)
  expect(sent).toHaveLength(FRAMES)
  expect(sent).toEqual(sent.toSorted((a, b) => a - b))
  expect(Math.min(...sent)).toBeGreaterThanOrEqual(beforeMs - 0.001)
  expect(Math.max(...sent)).toBeLessThanOrEqual(afterMs + 0.001)
})
