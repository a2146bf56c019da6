import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aacTrack } from '../../../origin/media/aac/config.ts'
import { SILENT_TRACK, silentFrame } from '../../../origin/media/aac/silence.ts'
import { describeViolation } from '../hls-linter/linter.ts'
import { hostileCases, type Outcome, type Stretch } from './cases.ts'
import { type Leg, type Packaged, type PackagedSample, packageScript } from './package.ts'
import { type Cue, isAudio, isHeader, isVideo, type Script } from './script.ts'

const run = promisify(execFile)
/** A frame of 12 a second; sound is exact to a frame of its own. */
const FRAME_MS = 84
const NONE: Stretch = [0, 0]

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamtube-corpus-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

for (const { name, make, outcome } of hostileCases) {
  describe(name, () => {
    for (const partTargetMs of [210, 510] as const) {
      it(`comes out as it must, in parts of ${partTargetMs} ms`, async () => {
        const cues = await make()
        const packaged = packageScript(cues, partTargetMs)
        expectRulesKept(packaged, outcome)
        expectPicture(cues, packaged, outcome)
        expectSound(cues, packaged, outcome)
        expectSegments(packaged, outcome)
        expectMasters(packaged, outcome)
        expect([...new Set(packaged.warnings)]).toEqual(outcome.warnings)
        await expectDecodes(packaged)
        if (outcome.captions) await expectCaptions(packaged)
      })
    }
  })
}

/** One violation of the documents' rules, in any reload of any playlist, fails. */
function expectRulesKept({ linter }: Packaged, { breaks }: Outcome): void {
  const broken = linter.violations.filter(({ rule }) => !breaks.includes(rule))
  expect([...new Set(broken.map(describeViolation))].slice(0, 5)).toEqual([])
  expect(linter.seen.media).toBeGreaterThan(50)
}

/** Every coded picture that was sent is in the segments, byte by byte and in order, and at its time. */
function expectPicture(cues: Script, packaged: Packaged, { hole }: Outcome): void {
  const sent = cues.filter((cue) => isVideo(cue) && !isHeader(cue))
  const samples = samplesOf(packaged.legs('source'))
  expect(samples.length).toBe(sent.length)
  for (const [i, { tag }] of sent.entries()) {
    expect(Buffer.compare(samples[i]?.data ?? new Uint8Array(), tag.data.subarray(5)), `frame ${i}`).toBe(0)
  }
  const [fromMs, toMs] = hole ?? NONE
  for (const [i, sample] of samples.entries()) {
    const before = samples[i - 1]
    if (before) expect(sample.dts, `frame ${i}`).toBeGreaterThan(before.dts)
  }
  expectInTime(sent, samples, cues)
  if (hole)
    expect(samples.some(({ ptsMs }) => ptsMs > fromMs + FRAME_MS && ptsMs < toMs - FRAME_MS)).toBe(false)
}

/** Sound is what was sent, whole but for what the case allows, and silence where nothing was; it never has a hole. */
function expectSound(cues: Script, packaged: Packaged, outcome: Outcome): void {
  const sent = cues.filter((cue) => isAudio(cue) && !isHeader(cue))
  const all = samplesOf(packaged.legs('audio'))
  const silences = silentFrames(cues)
  const heard = all.filter(({ data }) => !silences.has(Buffer.from(data).toString('hex')))
  const kept = sent.filter((cue) => heard.length > 0 && !isLost(cue, outcome, cues))
  expect(heard.length).toBe(kept.length)
  for (const [i, { tag }] of kept.entries()) {
    expect(Buffer.compare(heard[i]?.data ?? new Uint8Array(), tag.data.subarray(2)), `sound ${i}`).toBe(0)
  }
  expectInTime(kept, heard, cues)
  const [fromMs, toMs] = outcome.silence ?? NONE
  const silentMs = all.length > heard.length ? ((all.length - heard.length) * 1024_000) / 48_000 : 0
  expect(Math.abs(silentMs - (toMs - fromMs)), 'silence').toBeLessThan(120)
  for (const [i, sample] of all.entries()) {
    const before = all[i - 1]
    const skips = outcome.hole && (before?.ptsMs ?? 0) < outcome.hole[1] && sample.ptsMs >= outcome.hole[1]
    if (before && !skips)
      expect(Math.abs(sample.ptsMs - before.ptsMs - 22.3), `sound at ${before.ptsMs}`).toBeLessThan(25)
  }
}

function isLost({ trueMs }: Cue, { lostAudio }: Outcome, cues: Script): boolean {
  const first = cues.find((cue) => isVideo(cue) && !isHeader(cue))
  // What was heard before the first picture was shown is no part of the broadcast.
  if (trueMs + 1 < (first ? first.trueMs + compositionMs(first) : 0)) return true
  const [fromMs, toMs] = lostAudio ?? NONE
  return trueMs >= fromMs && trueMs + 1 < toMs
}

/** Picture and sound stay where they were to each other: within a frame. */
function expectInTime(sent: readonly Cue[], samples: readonly PackagedSample[], cues: Script): void {
  const first = cues.find((cue) => isVideo(cue) && !isHeader(cue))
  const zeroMs = first?.trueMs ?? 0
  for (const [i, cue] of sent.entries()) {
    const shownMs = cue.trueMs + compositionMs(cue) - zeroMs
    expect(Math.abs((samples[i]?.ptsMs ?? 0) - shownMs), `at ${shownMs} ms`).toBeLessThan(FRAME_MS)
  }
}

function expectSegments(packaged: Packaged, outcome: Outcome): void {
  const source = packaged.segments('source')
  const audio = packaged.segments('audio')
  expect(audio.map(({ sequence }) => sequence)).toEqual(source.map(({ sequence }) => sequence))
  const ordinary = source.slice(0, -1)
  if (!Number.isNaN(outcome.segmentMs)) {
    for (const { duration } of ordinary) expect(duration / 90).toBeCloseTo(outcome.segmentMs, 0)
  }
  expect(source.slice(1).every(({ independent, gap }) => independent || gap)).toBe(outcome.independent)
  const turns = outcome.turns.map(({ sequence }) => sequence)
  for (const segments of [source, audio]) {
    expect(segments.filter((s) => s.discontinuity).map((s) => s.sequence)).toEqual(turns)
    expect([...new Set(segments.flatMap((s) => s.header ?? []))]).toEqual(turns)
  }
  const playsMs = audio.reduce((sum, s) => sum + s.duration, 0) / (packagedTimescale(packaged) / 1000)
  expect(Math.abs(playsMs - outcome.durationMs)).toBeLessThan(100)
}

function packagedTimescale(packaged: Packaged): number {
  const [first] = packaged.segments('audio')
  const samples = packaged.legs('audio')[0]?.samples.filter((s) => s.sequence === first?.sequence) ?? []
  const ticks = samples.reduce((sum, s) => sum + s.duration, 0)
  return ticks > 0 ? (samples.at(-1)?.pts ?? 0) * (1000 / (samples.at(-1)?.ptsMs ?? 1)) : 1
}

function expectMasters({ firstMaster, lastMaster, vodMaster }: Packaged, outcome: Outcome): void {
  const { turns, frameRate, captions } = outcome
  const last = turns.at(-1) ?? outcome
  expect(firstMaster).toMatch(new RegExp(`CODECS="avc1.${outcome.profile}..,mp4a.40.2"`))
  expect(firstMaster).toContain(`RESOLUTION=${outcome.size}`)
  for (const master of [lastMaster, vodMaster]) {
    expect(master).toMatch(new RegExp(`CODECS="avc1.${last.profile}..,mp4a.40.2"`))
    expect(master).toContain(`RESOLUTION=${last.size}`)
    if (frameRate) expect(master).toContain(`FRAME-RATE=${frameRate}`)
    expect(master).toContain(captions ? 'CLOSED-CAPTIONS="cc"' : 'CLOSED-CAPTIONS=NONE')
    expect(master).toContain('TYPE=AUDIO')
  }
}

/** A decoder takes every header with what follows it, without a word, and shows as many frames as were packaged. */
async function expectDecodes(packaged: Packaged): Promise<void> {
  for (const id of ['source', 'audio']) {
    for (const [i, leg] of packaged.legs(id).entries()) {
      const file = join(folder, `${id}-${i}.mp4`)
      await writeFile(file, Buffer.concat([leg.init, ...leg.chunks]))
      const checked = ['-hide_banner', '-v', 'warning', '-xerror', '-i', file, '-fps_mode', 'passthrough']
      const { stdout, stderr } = await run('ffmpeg', [...checked, '-f', 'framecrc', '-'], {
        maxBuffer: 2 ** 24,
      })
      expect(stderr).toBe('')
      if (id === 'source') {
        expect(stdout.split('\n').filter((line) => line && !line.startsWith('#'))).toHaveLength(
          leg.samples.length,
        )
      }
    }
  }
}

/** A decoder of captions finds the text in the pictures. */
async function expectCaptions(packaged: Packaged): Promise<void> {
  const [leg] = packaged.legs('source')
  const file = join(folder, 'captions.mp4')
  await writeFile(file, Buffer.concat([leg?.init ?? new Uint8Array(), ...(leg?.chunks ?? [])]))
  const graph = ['-f', 'lavfi', '-i', `movie=${file}[out0+subcc]`]
  const { stdout } = await run('ffmpeg', ['-v', 'error', ...graph, '-map', 's', '-f', 'srt', '-'])
  expect(stdout.match(/HELLO/g)?.length).toBeGreaterThan(4)
}

function samplesOf(legs: readonly Leg[]): PackagedSample[] {
  return legs.flatMap(({ samples }) => samples)
}

/** What silence looks like in the formats of a script, and where there is none. */
function silentFrames(cues: Script): Set<string> {
  const headers = cues.filter((cue) => isAudio(cue) && isHeader(cue))
  const tracks = [SILENT_TRACK, ...headers.map(({ tag }) => aacTrack(tag.data.subarray(2)))]
  return new Set(tracks.map((track) => Buffer.from(silentFrame(track) ?? []).toString('hex')))
}

function compositionMs({ tag: { data } }: Cue): number {
  if (data.length < 5 || (data[0] ?? 0) >> 4 > 2) return 0
  return (((data[2] ?? 0) << 24) | ((data[3] ?? 0) << 16) | ((data[4] ?? 0) << 8)) >> 8
}
