import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFfmpeg } from '../ffmpeg.ts'
import { flvFileHeader, flvSampleTag, flvTrackTag } from '../flv/writer.ts'
import { aacTrack } from './config.ts'
import { SILENT_TRACK, silentFrame } from './silence.ts'

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamtube-silence-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** AAC-LC at 48 kHz in each of the layouts that a number names, and HE-AAC in stereo. */
const CONFIGS: [string, Uint8Array][] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((layout): [string, Uint8Array] => [
    `layout ${layout}`,
    Uint8Array.of(0x11, 0x80 | (layout << 3)),
  ]),
  ['HE-AAC', Uint8Array.of(0x2b, 0x11, 0x88, 0x00)],
]

describe('silence', () => {
  for (const [name, config] of CONFIGS) {
    it(`is decoded without a complaint, and is silent: ${name}`, async () => {
      const track = aacTrack(config)
      const frame = silentFrame(track) ?? new Uint8Array()
      const chunks = Array.from({ length: 20 }, (_, i) => {
        const dts = i * track.samplesPerFrame
        return Buffer.concat(flvSampleTag(track, { dts, pts: dts, key: true, data: frame }))
      })
      const file = join(folder, `${name.replace(' ', '-')}.flv`)
      await writeFile(
        file,
        Buffer.concat([flvFileHeader({ video: false, audio: true }), flvTrackTag(track), ...chunks]),
      )
      const samples = join(folder, `${name.replace(' ', '-')}.raw`)
      await runFfmpeg({
        inputs: [{ source: file, options: ['-xerror'] }],
        outputs: [{ target: samples, options: ['-f', 's16le'] }],
      })
      const bytes = await readFile(samples)
      expect(bytes.length).toBeGreaterThanOrEqual(19 * track.samplesPerFrame * track.channels * 2)
      expect(bytes.every((byte) => byte === 0)).toBe(true)
    })
  }

  it('is not made where the layout is told by a program config element', () => {
    const track = { ...SILENT_TRACK, config: Uint8Array.of(0x11, 0x80, 0x04, 0xc8, 0x44, 0, 0, 0, 0, 0) }
    expect(silentFrame(track)).toBeNull()
  })
})
