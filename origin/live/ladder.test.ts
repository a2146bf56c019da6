import { execFileSync } from 'node:child_process'
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { makeSource } from '../../test/support/publisher.ts'
import { encoders } from '../media/encoders.ts'
import { FlvReader } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import { type SanitisedEvent, Sanitiser } from '../media/sanitiser.ts'
import type { SourceEvent, VideoTrack } from '../media/types.ts'
import { type Ladder, type LadderRequest, ladderMaker } from './ladder.ts'
import { liveMetrics } from './metrics.ts'

const folder = mkdtempSync(join(tmpdir(), 'streamtube-ladder-test-'))
const [, x264] = encoders
const events: SanitisedEvent[] = []
let video: VideoTrack

beforeAll(async () => {
  const path = await makeSource(folder, {
    seconds: 3,
    width: 640,
    height: 360,
    bFrames: 2,
    audio: false,
    keyFrameInterval: 40,
  })
  const sanitiser = new Sanitiser((event) => events.push(event))
  const reader = new FlvReader((tag) => {
    const event = sourceEventOf(tag, tag.timestampMs)
    if (event) sanitiser.push(event)
  })
  for await (const bytes of createReadStream(path)) reader.push(bytes)
  sanitiser.finish()
  const tracks = events.find((event) => event.type === 'tracks')
  if (!tracks?.video) throw new Error('no video')
  video = tracks.video
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A ladder over the source, and what comes out of it. */
function open(more: Partial<LadderRequest> = {}, cores = 4) {
  const out = new Map<string, SourceEvent[]>()
  const lost: string[] = []
  const warnings: string[] = []
  const ladder = ladderMaker(
    Promise.resolve(x264),
    liveMetrics(testMetrics().metrics),
    cores,
  )({
    mode: 'on',
    video,
    onEvent: (rungId, event) => out.set(rungId, [...(out.get(rungId) ?? []), event]),
    onLost: (rungId) => lost.push(rungId),
    onWarning: (warning) => warnings.push(warning),
    log: quietLog,
    ...more,
  })
  const samples = (rungId: string) => (out.get(rungId) ?? []).filter((event) => event.type === 'sample')
  return { ladder, samples, lost, warnings }
}

const times = (samples: { ptsMs: number }[]) => samples.map((sample) => sample.ptsMs).sort((a, b) => a - b)
const sourceTimes = () =>
  events
    .filter((event) => event.type === 'sample')
    .map((event) => Math.round(event.sample.pts / 90))
    .sort((a, b) => a - b)
const folders = () =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('streamtube-ladder-') && !folder.endsWith(name))

/** Feeds in real time, so that nothing is too much at once. */
async function play(ladder: Ladder | null): Promise<void> {
  const startedAtMs = performance.now()
  for (const event of events) {
    if (event.type === 'sample') {
      const dueMs = event.sample.dts / 90 / 2
      const waitMs = dueMs - (performance.now() - startedAtMs)
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
    ladder?.push(event)
  }
}

test('every rung has every frame, with exactly the times of the source', async () => {
  const before = folders()
  const { ladder, samples, lost } = open()
  expect(ladder?.rungIds).toEqual(['240p30'])
  await play(ladder)
  await expect.poll(() => samples('240p30').length, { timeout: 10_000 }).toBeGreaterThan(85)
  await ladder?.finish()
  expect(times(samples('240p30'))).toEqual(sourceTimes())
  expect(lost).toEqual([])
  expect(folders()).toEqual(before)
})

test('an encoder that dies is replaced, and the rung is told', async () => {
  const { ladder, samples, lost, warnings } = open()
  const pids = () =>
    execFileSync('pgrep', ['-P', String(process.pid), 'ffmpeg'], { encoding: 'utf8' })
      .trim()
      .split('\n')
  const playing = play(ladder)
  await expect.poll(() => samples('240p30').length, { timeout: 10_000 }).toBeGreaterThan(5)
  for (const pid of pids()) process.kill(Number(pid), 'SIGKILL')
  await expect.poll(() => lost).toEqual(['240p30'])
  expect(warnings).toEqual(['ladder-restarted'])
  await playing
  const before = samples('240p30').length
  await play(ladder)
  await expect.poll(() => samples('240p30').length, { timeout: 10_000 }).toBeGreaterThan(before)
  await ladder?.finish()
  expect(() => pids()).toThrow()
})

test('is not made where the machine is small, and the creator is told', () => {
  const { ladder } = open({ mode: 'auto' }, 2)
  expect(ladder?.rungIds).toEqual([])
  expect(ladder?.warnings).toEqual(['ladder-off-machine'])
  expect(open({ mode: 'off' }).ladder).toBeNull()
  expect(open({ video: null }).ladder).toBeNull()
})
