import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createLinter, describeViolation } from '../../test/support/hls-linter/linter.ts'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { makeSource } from '../../test/support/publisher.ts'
import { slowDown } from '../../test/support/slow-process.ts'
import { x264Row } from '../media/encoders.ts'
import { FlvReader } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import { LiveTimeline } from '../media/live-timeline.ts'
import { Packager } from '../media/packager.ts'
import { type SanitisedEvent, Sanitiser } from '../media/sanitiser.ts'
import { VIDEO_TIMESCALE } from '../media/types.ts'
import { EncoderPool } from './encoder-pool.ts'
import { type Ladder, ladderMaker } from './ladder.ts'
import { LadderAdmission } from './ladder-admission.ts'
import { liveMetrics } from './metrics.ts'

const SECONDS = 4
const ROOT = 'http://node/live/show'
const PATIENCE = { timeout: 60_000, interval: 50 }
const folder = mkdtempSync(join(tmpdir(), 'streamtube-slow-'))
const source: SanitisedEvent[] = []

beforeAll(async () => {
  vi.stubEnv('TMPDIR', folder)
  const file = { seconds: SECONDS, width: 640, height: 368, frameRate: 10, audio: false }
  const sanitiser = new Sanitiser((event) => source.push(event))
  const reader = new FlvReader((tag) => {
    const event = sourceEventOf(tag, tag.timestampMs)
    if (event) sanitiser.push(event)
  })
  for await (const bytes of createReadStream(await makeSource(folder, file))) reader.push(bytes)
  sanitiser.finish()
})
afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** A broadcast with a ladder, looked at as it changes. */
class Show {
  readonly linter = createLinter({ slackMs: 0 })
  readonly timeline = new LiveTimeline({ timelineId: 'show', partTargetMs: 510 })
  readonly ladder: Ladder
  readonly #packager: Packager
  readonly #metrics = testMetrics()
  /** What the clock is ahead of the machine's. */
  aheadMs = 0
  #running = true
  readonly #played: Promise<void>

  constructor() {
    const tracks = source.find((event) => event.type === 'tracks')
    const nowMs = () => performance.now() + this.aheadMs
    const make = ladderMaker({
      encoders: new EncoderPool(Promise.resolve([x264Row]), 0),
      admission: new LadderAdmission({ cores: 2, busyCores: null }, nowMs),
      metrics: liveMetrics(this.#metrics.metrics),
      nowMs,
    })
    const ladder = make({
      mode: 'on',
      video: tracks?.video ?? null,
      onEvent: (rungId, event) => this.#packager.pushRung(rungId, event),
      onLost: (rungId) => this.#packager.dropRung(rungId),
      onWarning: () => {},
      log: quietLog,
    })
    if (!ladder) throw new Error('no ladder')
    this.ladder = ladder
    const options = { epoch: 1, firstSequence: 0, partTargetMs: 510 as const, alwaysAudio: true }
    this.#packager = new Packager({ ...options, rungs: ladder.rungIds }, (event) => {
      this.timeline.apply(event)
      if (event.type !== 'rendition') this.#look(event.renditionId)
    })
    this.timeline.declare(['source', ...ladder.rungIds, 'audio'], performance.now())
    this.#played = this.#play()
  }

  /** What a playlist lists, oldest first: true for a segment, false for a gap. */
  segments(renditionId: string): boolean[] {
    const text = this.timeline.playlist(renditionId, { skip: false }) ?? ''
    const tags = text.split('\n').filter((line) => /^#EXT(INF|-X-GAP)/.test(line))
    return tags.flatMap((tag, index) =>
      tag.startsWith('#EXTINF') ? [!(tags[index + 1] ?? tags[index - 1])?.startsWith('#EXT-X-GAP')] : [],
    )
  }

  /** Number of the first segment that a playlist lists, and of the newest. */
  first(renditionId: string): number {
    const text = this.timeline.playlist(renditionId, { skip: false }) ?? ''
    return Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? Number.NaN)
  }

  newest(renditionId: string): number {
    return this.first(renditionId) + this.segments(renditionId).length - 1
  }

  /** Whether a whole segment with media came behind that number. */
  arrivedSince(renditionId: string, sequence: number): boolean {
    const more = this.newest(renditionId) - (Number.isNaN(sequence) ? -1 : sequence)
    return more > 0 && this.segments(renditionId).slice(-more).includes(true)
  }

  metric(name: string): Promise<number> {
    return this.#metrics.value(name)
  }

  async end(): Promise<void> {
    this.#running = false
    await this.#played
    await this.ladder.finish()
    this.#packager.finish()
    this.timeline.end()
  }

  #look(renditionId: string): void {
    const atMs = performance.now()
    const master = this.timeline.master(atMs)
    if (master === null) return
    this.linter.see({ url: `${ROOT}/master.m3u8`, text: master, atMs })
    const text = this.timeline.playlist(renditionId, { skip: false })
    if (text !== null) this.linter.see({ url: `${ROOT}/${renditionId}.m3u8`, text, atMs })
  }

  async #play(): Promise<void> {
    const startedAtMs = performance.now()
    for (let round = 0; this.#running; round++) {
      for (const event of source) {
        if (event.type === 'sample') {
          const offset = round * SECONDS * VIDEO_TIMESCALE
          const sample = { ...event.sample, dts: event.sample.dts + offset, pts: event.sample.pts + offset }
          const dueMs = sample.dts / 90 - (performance.now() - startedAtMs)
          if (dueMs > 0) await wait(dueMs)
          this.#push({ ...event, sample, arrivedAtMs: performance.now() })
        } else if (round === 0) this.#push(event)
      }
    }
  }

  #push(event: SanitisedEvent): void {
    this.#packager.push(event)
    this.ladder.push(event)
  }
}

test('a machine that is too slow loses the top rung, then the next, and has them again when it has room; the source stays whole', async () => {
  const show = new Show()
  const [top = '', low = ''] = show.ladder.rungIds
  const [topCame, lowCame] = [top, low].map((id) => async () => {
    const since = show.newest(id)
    await expect.poll(() => show.arrivedSince(id, since), PATIENCE).toBe(true)
  }) as [() => Promise<void>, () => Promise<void>]
  expect([top, low]).toEqual(['360p10', '240p10'])
  await Promise.all([topCame(), lowCame()])

  let faster = slowDown('ffmpeg', 2)
  await expect.poll(() => show.ladder.warnings, PATIENCE).toEqual([`rung-dropped:${top}`])
  faster()
  expect(show.ladder.activeRungIds).toEqual([low])
  // The rung below comes again with the next key frame, while the top one's numbers go on as gaps.
  await expect.poll(() => show.segments(top).at(-1), PATIENCE).toBe(false)
  await lowCame()

  faster = slowDown('ffmpeg', 0)
  await expect.poll(() => show.ladder.warnings, PATIENCE).toEqual(['source-only'])
  faster()
  await expect.poll(() => [top, low].map((id) => show.segments(id).at(-1)), PATIENCE).toEqual([false, false])
  expect(show.timeline.master(performance.now())).toContain(`${top}.m3u8`)
  expect(await show.metric('ingest_ladder_rungs_dropped_total')).toBe(2)

  const minutesPass = () => {
    show.aheadMs += 100_000
    return show.ladder.warnings
  }
  await expect.poll(minutesPass, { ...PATIENCE, interval: 500 }).toEqual([])
  await Promise.all([topCame(), lowCame()])
  await show.end()
  expect(show.segments('source')).not.toContain(false)
  expect(show.linter.seen.media).toBeGreaterThan(50)
  expect(show.linter.violations.map(describeViolation)).toEqual([])
}, 180_000)
