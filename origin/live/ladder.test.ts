import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { makeSource } from '../../test/support/publisher.ts'
import { childrenNamed } from '../../test/support/slow-process.ts'
import { type EncoderRow, nvdecRow, nvencRow, x264Row } from '../media/encoders.ts'
import { findEncoderRows } from '../media/find-encoders.ts'
import { FlvReader } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import { type SanitisedEvent, Sanitiser } from '../media/sanitiser.ts'
import { type SourceEvent, VIDEO_TIMESCALE, type VideoTrack } from '../media/types.ts'
import { EncoderPool } from './encoder-pool.ts'
import { type Ladder, type LadderRequest, ladderMaker } from './ladder.ts'
import { LadderAdmission } from './ladder-admission.ts'
import { liveMetrics } from './metrics.ts'

const folder = mkdtempSync(join(tmpdir(), 'streamtube-ladder-test-'))
const events: SanitisedEvent[] = []
let video: VideoTrack

beforeAll(async () => {
  vi.stubEnv('TMPDIR', folder)
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
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** A row of the processor that passes for one of a card. */
const cardRow: EncoderRow = { ...x264Row, id: 'nvenc', cardSessions: 1, processor: nvencRow.processor }
const playing: Ladder[] = []
afterEach(() => Promise.all(playing.splice(0).map((ladder) => ladder.finish())))

interface Opening extends Partial<LadderRequest> {
  cores?: number
  rows?: EncoderRow[]
}

/** A ladder over the source, and what comes out of it. */
function open({ cores = 4, rows = [x264Row], ...more }: Opening = {}) {
  const out = new Map<string, SourceEvent[]>()
  const lost: string[] = []
  const warnings: string[] = []
  const nowMs = () => performance.now()
  const make = ladderMaker({
    encoders: new EncoderPool(Promise.resolve(rows), 8),
    admission: new LadderAdmission({ cores, busyCores: null }, nowMs),
    metrics: liveMetrics(testMetrics().metrics),
    nowMs,
  })
  const ladder = make({
    mode: 'on',
    video,
    onEvent: (rungId, event) => out.set(rungId, [...(out.get(rungId) ?? []), event]),
    onLost: (rungId) => lost.push(rungId),
    onWarning: (warning) => warnings.push(warning),
    log: quietLog,
    ...more,
  })
  if (ladder) playing.push(ladder)
  const samples = (rungId: string) => (out.get(rungId) ?? []).filter((event) => event.type === 'sample')
  return { ladder, samples, lost, warnings }
}

const times = (samples: { ptsMs: number }[]) => samples.map((sample) => sample.ptsMs).sort((a, b) => a - b)
const sourceTimes = () =>
  events
    .filter((event) => event.type === 'sample')
    .map((event) => Math.round(event.sample.pts / 90))
    .sort((a, b) => a - b)
const folders = () => readdirSync(folder).filter((name) => name.startsWith('streamtube-ladder-'))

const PATIENCE = { timeout: 30_000 }

/** Feeds in twice real time, so that nothing is too much at once. */
async function play(ladder: Ladder | null, offset = 0): Promise<void> {
  const startedAtMs = performance.now()
  for (const event of events) {
    if (event.type === 'sample') {
      const dueMs = event.sample.dts / 90 / 2
      const waitMs = dueMs - (performance.now() - startedAtMs)
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
    ladder?.push(later(event, offset))
  }
}

function later(event: SanitisedEvent, offset: number): SanitisedEvent {
  if (event.type !== 'sample') return event
  const { dts, pts } = event.sample
  return { ...event, sample: { ...event.sample, dts: dts + offset, pts: pts + offset } }
}

/** Plays the source again and again, on one clock. */
function keepPlaying(ladder: Ladder | null): () => Promise<void> {
  let stopped = false
  const done = (async () => {
    for (let round = 0; !stopped; round++) await play(ladder, round * 3 * VIDEO_TIMESCALE)
  })()
  return () => {
    stopped = true
    return done
  }
}

function kill(signal: NodeJS.Signals): void {
  for (const pid of childrenNamed('ffmpeg')) process.kill(pid, signal)
}

test.for([x264Row, nvdecRow, nvencRow])(
  'every rung has every frame, with exactly the times of the source ($id)',
  async (row, { skip }) => {
    if (!(await findEncoderRows()).includes(row)) skip(`no graphics card here that does ${row.id}`)
    const before = folders()
    const { ladder, samples, lost } = open({ rows: [row] })
    expect(ladder?.rungIds).toEqual(['240p30'])
    await play(ladder)
    await expect.poll(() => samples('240p30').length, PATIENCE).toBeGreaterThan(85)
    await ladder?.finish()
    expect(times(samples('240p30'))).toEqual(sourceTimes())
    expect(lost).toEqual([])
    expect(folders()).toEqual(before)
  },
)

test('an encoder that dies is replaced, and the rung is told', async () => {
  const { ladder, samples, lost, warnings } = open()
  const stop = keepPlaying(ladder)
  await expect.poll(() => samples('240p30').length, PATIENCE).toBeGreaterThan(5)
  kill('SIGKILL')
  await expect.poll(() => lost, PATIENCE).toContain('240p30')
  const before = samples('240p30').length
  await expect.poll(() => samples('240p30').length, PATIENCE).toBeGreaterThan(before)
  expect(warnings).toContain('ladder-restarted')
  expect(warnings).not.toContain('encoder-fell-back')
  await stop()
  await ladder?.finish()
  expect(childrenNamed('ffmpeg')).toEqual([])
})

test.each<[string, NodeJS.Signals]>([
  ['dies', 'SIGKILL'],
  ['gives no more frames', 'SIGSTOP'],
])('a card that %s is replaced by x264, which stays', async (_, signal) => {
  const { ladder, samples, lost, warnings } = open({ rows: [cardRow, x264Row] })
  const stop = keepPlaying(ladder)
  await expect.poll(() => samples('240p30').length, PATIENCE).toBeGreaterThan(5)
  kill(signal)
  await expect.poll(() => lost, PATIENCE).toContain('240p30')
  const before = samples('240p30').length
  await expect.poll(() => samples('240p30').length, PATIENCE).toBeGreaterThan(before)
  expect(ladder?.activeRungIds).toEqual(['240p30'])
  expect(warnings).toContain('encoder-fell-back')
  expect(warnings).not.toContain('ladder-restarted')
  kill('SIGKILL')
  await expect.poll(() => warnings, PATIENCE).toContain('ladder-restarted')
  await stop()
})

test('is not made where the machine is small, and the creator is told', () => {
  const { ladder } = open({ mode: 'auto', cores: 2 })
  expect(ladder?.rungIds).toEqual([])
  expect(ladder?.warnings).toEqual(['ladder-off-machine'])
  expect(open({ mode: 'off' }).ladder).toBeNull()
  expect(open({ video: null }).ladder).toBeNull()
})

test('fills only the slots of a broadcast that goes on', () => {
  expect(open({ slots: ['240p60'] }).ladder?.rungIds).toEqual(['240p60'])
  expect(open({ slots: ['720p30'] }).ladder).toBeNull()
})
