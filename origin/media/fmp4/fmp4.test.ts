import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FlvReader } from '../flv/reader.ts'
import { sourceEventOf } from '../flv/source.ts'
import { packageAll, type Recording, sanitise } from '../test-samples.ts'
import type { Sample, SourceEvent } from '../types.ts'

/** The judge is ffmpeg: what it encodes goes through our reader, sanitiser, packager and boxes, and back to it. */

const run = promisify(execFile)

interface Packet {
  pts: number
  dts: number
  size: string
  flags: string
}

interface Probe {
  packets: Packet[]
  streams: {
    codec_name: string
    width?: number
    height?: number
    sample_aspect_ratio?: string
    channels?: number
  }[]
}

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fmp4-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function encode(name: string, video: string[], audio: string[]): Promise<SourceEvent[]> {
  const path = join(folder, `${name}.flv`)
  await run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', ...video, ...audio, '-f', 'flv', path])
  const events: SourceEvent[] = []
  const reader = new FlvReader((tag) => {
    const event = sourceEventOf(tag, tag.timestampMs)
    if (event) events.push(event)
  })
  reader.push(await readFile(path))
  return events
}

async function probe(recording: Recording, renditionId: string, header?: number): Promise<Probe> {
  const path = join(folder, `${renditionId}-${header ?? 0}.mp4`)
  await writeFile(path, recording.file(renditionId, header))
  const decoded = await run('ffmpeg', [
    '-hide_banner',
    '-v',
    'warning',
    '-xerror',
    '-i',
    path,
    '-f',
    'null',
    '-',
  ])
  expect(decoded.stderr).toBe('')
  const shown = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_packets', '-show_streams', path])
  expect(shown.stderr).toBe('')
  return JSON.parse(shown.stdout) as Probe
}

function samples(events: SourceEvent[], kind: 'video' | 'audio'): Sample[] {
  return sanitise(events).flatMap((e) => (e.type === 'sample' && e.kind === kind ? [e.sample] : []))
}

describe('what the packager writes', () => {
  it('is decoded by ffmpeg without a word, every frame with the time it was given', async () => {
    const events = await encode(
      'bframes',
      ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30000/1001:duration=7'],
      [
        '-f',
        'lavfi',
        '-i',
        'sine=sample_rate=44100:duration=7',
        '-c:v',
        'libx264',
        '-bf',
        '2',
        '-g',
        '60',
        '-c:a',
        'aac',
      ],
    )
    const recording = packageAll(events)
    const video = await probe(recording, 'source')
    expect(video.streams).toMatchObject([{ codec_name: 'h264', width: 320, height: 180 }])
    const expected = samples(events, 'video')
    expect(expected).toHaveLength(210)
    expect(expected.some((s) => s.pts > s.dts)).toBe(true)
    expect(video.packets.map((p) => [p.pts, p.dts, Number(p.size), p.flags.startsWith('K')])).toEqual(
      expected.map((s) => [s.pts, s.dts, s.data.length, s.key]),
    )
    const audio = await probe(recording, 'audio')
    expect(audio.streams).toMatchObject([{ codec_name: 'aac', channels: 1 }])
    // Sound from before the first picture is left out.
    const sound = samples(events, 'audio').slice(-audio.packets.length)
    expect(sound.length).toBeGreaterThan(295)
    expect(audio.packets.map((p) => [p.pts, Number(p.size)])).toEqual(
      sound.map((s) => [s.pts, s.data.length]),
    )
  })

  it('keeps pixels that are not square', async () => {
    const events = await encode(
      'aspect',
      ['-f', 'lavfi', '-i', 'testsrc2=size=720x480:rate=25:duration=3', '-vf', 'setsar=8/9'],
      ['-c:v', 'libx264', '-preset', 'ultrafast'],
    )
    const recording = packageAll(events)
    const { streams } = await probe(recording, 'source')
    expect(streams).toMatchObject([{ width: 720, height: 480, sample_aspect_ratio: '8:9' }])
    const info = recording.events.find((e) => e.type === 'rendition')
    expect(info?.type === 'rendition' && info.rendition).toMatchObject({ width: 640, height: 480 })
  })

  it('decodes on when the encoder changed its picture size in mid-stream', async () => {
    const small = await encode(
      'small',
      ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=30:duration=4'],
      ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '60'],
    )
    const large = await encode(
      'large',
      ['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30:duration=4'],
      ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '60'],
    )
    const later = large.map((e) =>
      e.type === 'sample'
        ? { ...e, dtsMs: e.dtsMs + 4000, ptsMs: e.ptsMs + 4000, arrivedAtMs: e.arrivedAtMs + 4000 }
        : e,
    )
    const recording = packageAll([...small, ...later])
    const first = await probe(recording, 'source')
    const second = await probe(recording, 'source', 2)
    expect([...first.packets, ...second.packets]).toHaveLength(240)
  })

  it('is decoded when it is sound alone', async () => {
    const events = await encode(
      'sound',
      ['-f', 'lavfi', '-i', 'sine=sample_rate=48000:duration=6'],
      ['-c:a', 'aac'],
    )
    const { packets } = await probe(packageAll(events), 'audio')
    expect(packets).toHaveLength(samples(events, 'audio').length)
  })
})
