import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MediaError } from '../errors.ts'
import { fromHex } from '../test-samples.ts'
import { aacTrack, parseAacConfig } from './config.ts'

describe('the AudioSpecificConfig', () => {
  const cases: [string, string, Partial<ReturnType<typeof parseAacConfig>>][] = [
    [
      'AAC-LC, 44.1 kHz, stereo',
      '1210',
      { objectType: 2, sampleRate: 44_100, channels: 2, samplesPerFrame: 1024 },
    ],
    [
      'AAC-LC, 48 kHz, mono, with ffmpeg’s extension bytes',
      '118856e500',
      { objectType: 2, sampleRate: 48_000, channels: 1, samplesPerFrame: 1024 },
    ],
    [
      'AAC-LC, 48 kHz, 5.1',
      '11b0',
      { objectType: 2, sampleRate: 48_000, channels: 6, samplesPerFrame: 1024 },
    ],
    [
      'HE-AAC, explicit SBR, 24 to 48 kHz',
      '2b118800',
      { objectType: 5, sampleRate: 48_000, channels: 2, samplesPerFrame: 2048 },
    ],
    [
      'HE-AAC v2, explicit PS, mono core, stereo out',
      'eb098800',
      { objectType: 29, sampleRate: 48_000, channels: 2, samplesPerFrame: 2048 },
    ],
    [
      'AAC-LC with SBR behind it',
      '131056e598',
      { objectType: 5, sampleRate: 48_000, channels: 2, samplesPerFrame: 2048 },
    ],
    [
      'AAC-LC, explicit rate of 37 kHz',
      '17804844' + '10',
      { objectType: 2, sampleRate: 37_000, channels: 2, samplesPerFrame: 1024 },
    ],
  ]
  for (const [name, hex, expected] of cases) {
    it(`is read: ${name}`, () => {
      expect(parseAacConfig(fromHex(hex))).toMatchObject(expected)
      expect(aacTrack(fromHex(hex)).codecs).toBe(`mp4a.40.${expected.objectType}`)
    })
  }

  it('is refused when it is not AAC as players know it', () => {
    for (const hex of ['', '12', '0000', 'ffff', '1700000010']) {
      expect(() => parseAacConfig(fromHex(hex))).toThrow(expect.objectContaining({ code: 'aac-bad-config' }))
    }
  })

  it('is no larger than any encoder makes it: each header of a stream has a copy', () => {
    const padded = (bytes: number) => Uint8Array.of(0x11, 0x90, ...new Uint8Array(bytes - 2))
    expect(aacTrack(padded(1024)).config).toHaveLength(1024)
    expect(() => aacTrack(padded(1025))).toThrow(expect.objectContaining({ code: 'aac-bad-config' }))
  })

  it('is a typed error at worst', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          const track = aacTrack(bytes)
          expect(track.sampleRate).toBeGreaterThanOrEqual(7_350)
          expect(track.samplesPerFrame).toBeGreaterThan(0)
          expect(track.channels).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError)
        }
      }),
      { numRuns: 10_000 },
    )
  })
})
