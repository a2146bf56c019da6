import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FlvReader } from '../flv/reader.ts'
import { sourceEventOf } from '../flv/source.ts'
import { flvFileHeader, flvSampleTag, flvTrackTag } from '../flv/writer.ts'
import { Packager } from '../packager.ts'
import { Recording, sanitise } from '../test-samples.ts'
import type { SourceEvent } from '../types.ts'

const run = promisify(execFile)
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rungs-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

function read(bytes: Uint8Array): SourceEvent[] {
  const events: SourceEvent[] = []
  const reader = new FlvReader((tag) => {
    const event = sourceEventOf(tag, tag.timestampMs)
    if (event) events.push(event)
  })
  reader.push(bytes)
  return events
}

it('a rung that a real encoder made is cut at exactly the times of its source, B-frames or not', async () => {
  const made = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=24000/1001:duration=9', '-c:v', 'libx264']
  const sourcePath = join(folder, 'source.flv')
  await run('ffmpeg', ['-v', 'error', ...made, '-bf', '3', '-g', '48', '-f', 'flv', sourcePath])
  const source = sanitise(read(await readFile(sourcePath)))
  const [first] = source
  if (first?.type !== 'tracks' || !first.video) throw new Error('no picture')
  const { video } = first
  const feed = source.flatMap((e) => (e.type === 'sample' ? flvSampleTag(video, e.sample) : []))
  const feedPath = join(folder, 'feed.flv')
  await writeFile(feedPath, [flvFileHeader({ video: true, audio: false }), flvTrackTag(video), ...feed])
  const rungPath = join(folder, 'rung.flv')
  const encode = [
    '-vf',
    'scale=160:90',
    '-c:v',
    'libx264',
    '-tune',
    'zerolatency',
    '-sc_threshold',
    '0',
    '-g',
    '9999',
  ]
  const times = ['-fps_mode', 'passthrough', '-force_key_frames', 'source']
  await run('ffmpeg', ['-v', 'error', '-copyts', '-i', feedPath, ...encode, ...times, '-f', 'flv', rungPath])

  const recording = new Recording()
  const packager = new Packager({ epoch: 1, firstSequence: 0, partTargetMs: 210, rungs: ['90p24'] }, (e) =>
    recording.events.push(e),
  )
  const answers = read(await readFile(rungPath))
  for (const event of source) {
    packager.push(event)
    // The encoder lags by half a second.
    const headMs = event.type === 'sample' ? event.sample.dts / 90 - 500 : 0
    while (answers[0] && (answers[0].type === 'track' || answers[0].dtsMs <= headMs)) {
      const [answer] = answers.splice(0, 1)
      if (answer) packager.pushRung('90p24', answer)
    }
  }
  for (const answer of answers) packager.pushRung('90p24', answer)
  packager.finish()

  const cuts = (id: string) =>
    recording.segments(id).map((s) => [s.sequence, s.programTimeMs, s.independent, s.gap])
  expect(cuts('source')).toHaveLength(5)
  expect(cuts('90p24')).toEqual(cuts('source'))
  const presented = source.flatMap((e) => (e.type === 'sample' ? [e.sample.pts] : [])).sort((a, b) => a - b)
  const starts = recording.segments('90p24').map((s) => s.dts)
  expect(starts.every((start) => presented.includes(start))).toBe(true)
})
