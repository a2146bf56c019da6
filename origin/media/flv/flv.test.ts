import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MediaError, UnsupportedCodecError } from '../errors.ts'
import { accessUnit, audioTrack, fromHex, nal, videoTrack } from '../test-samples.ts'
import type { Sample } from '../types.ts'
import { FlvReader, type FlvTag } from './reader.ts'
import { sourceEventOf } from './source.ts'
import { flvFileHeader, flvSampleTag, flvTrackTag } from './writer.ts'

function read(bytes: Uint8Array, slice = bytes.length, maxTagBytes?: number): FlvTag[] {
  const tags: FlvTag[] = []
  const reader = new FlvReader((tag) => tags.push(tag), maxTagBytes)
  for (let at = 0; at < bytes.length; at += slice) reader.push(bytes.subarray(at, at + slice))
  return tags
}

const video: Sample = { dts: 90_000, pts: 93_000, key: true, data: accessUnit(nal(5, 300)) }
const backwards: Sample = { dts: 93_000, pts: 90_000, key: false, data: accessUnit(nal(1, 30)) }
const sound: Sample = { dts: 48_000, pts: 48_000, key: true, data: new Uint8Array(50).fill(7) }

function file(): Uint8Array {
  return Buffer.concat([
    flvFileHeader({ video: true, audio: true }),
    flvTrackTag(videoTrack()),
    flvTrackTag(audioTrack()),
    ...flvSampleTag(videoTrack(), video),
    ...flvSampleTag(audioTrack(), sound),
    ...flvSampleTag(videoTrack(), backwards),
  ])
}

describe('FLV', () => {
  it('reads what it wrote, in slices of any size', () => {
    for (const slice of [1, 2, 7, 11, 100, 10_000]) {
      const events = read(file(), slice).map((tag) => sourceEventOf(tag, 5))
      expect(events).toMatchObject([
        { type: 'track', track: { kind: 'video', codecs: 'avc1.4d401e' } },
        { type: 'track', track: { kind: 'audio', codecs: 'mp4a.40.2' } },
        { type: 'sample', kind: 'video', dtsMs: 1000, ptsMs: 1033, arrivedAtMs: 5 },
        { type: 'sample', kind: 'audio', dtsMs: 1000, ptsMs: 1000 },
        { type: 'sample', kind: 'video', dtsMs: 1033, ptsMs: 1000 },
      ])
      const [, , first, second] = events
      expect(first?.type === 'sample' && Buffer.compare(first.data, video.data)).toBe(0)
      expect(second?.type === 'sample' && Buffer.compare(second.data, sound.data)).toBe(0)
    }
  })

  it('does not copy a sample to write it', () => {
    expect(flvSampleTag(videoTrack(), video)[1]).toBe(video.data)
  })

  it('carries times of 32 bits', () => {
    const late: Sample = { ...video, dts: 4_000_000_000 * 90, pts: 4_000_000_000 * 90 }
    const [tag] = read(
      Buffer.concat([flvFileHeader({ video: true, audio: false }), ...flvSampleTag(videoTrack(), late)]),
    )
    expect(tag?.timestampMs).toBe(4_000_000_000)
  })

  it('refuses a tag above the bound before it is there', () => {
    const head = Buffer.concat([
      flvFileHeader({ video: true, audio: false }),
      fromHex('09100000000000000000ff'),
    ])
    expect(() => read(head, 5, 1000)).toThrow(expect.objectContaining({ code: 'flv-tag-too-large' }))
  })

  it('refuses what is no FLV', () => {
    expect(() => read(Buffer.from('GET / HTTP/1.1\r\n'))).toThrow(
      expect.objectContaining({ code: 'flv-bad-header' }),
    )
    const bytes = Buffer.from(file())
    bytes[bytes.length - 1] = 0
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'flv-bad-tag' }))
  })

  it('names codecs that are not taken', () => {
    const body = (type: number, hex: string) => () =>
      sourceEventOf({ type, timestampMs: 0, data: fromHex(hex) }, 0)
    const named = (name: string) => expect.objectContaining({ code: 'unsupported-codec', codecName: name })
    const text = (value: string) => Buffer.from(value).toString('hex')
    expect(body(9, `90${text('hvc1')}01`)).toThrow(named('HEVC'))
    expect(body(9, `91${text('av01')}000000`)).toThrow(named('AV1'))
    expect(body(9, `90${text('vp09')}01`)).toThrow(named('VP9'))
    expect(body(8, `90${text('Opus')}01`)).toThrow(named('Opus'))
    expect(body(8, `91${text('fLaC')}01`)).toThrow(named('FLAC'))
    expect(body(9, '2200')).toThrow(named('H.263'))
    expect(body(9, '1c000000')).toThrow(named('HEVC'))
    expect(body(8, '2f00')).toThrow(named('MP3'))
    expect(body(9, '900a0b0c0d00')).toThrow(UnsupportedCodecError)
  })

  it('takes H.264 and AAC by Enhanced RTMP too', () => {
    const avc1 = Buffer.from('avc1')
    const frames = Buffer.concat([
      Uint8Array.of(0x91),
      avc1,
      Uint8Array.of(0xff, 0xff, 0xdf),
      accessUnit(nal(5)),
    ])
    expect(sourceEventOf({ type: 9, timestampMs: 100, data: frames }, 0)).toMatchObject({
      dtsMs: 100,
      ptsMs: 67,
    })
    const framesX = Buffer.concat([Uint8Array.of(0x93), avc1, accessUnit(nal(5))])
    expect(sourceEventOf({ type: 9, timestampMs: 100, data: framesX }, 0)).toMatchObject({
      dtsMs: 100,
      ptsMs: 100,
    })
    const start = Buffer.concat([Uint8Array.of(0x90), Buffer.from('mp4a'), fromHex('1188')])
    expect(sourceEventOf({ type: 8, timestampMs: 0, data: start }, 0)).toMatchObject({
      track: { channels: 1 },
    })
  })

  it('has nothing to say of metadata, ends of sequence and empty bodies', () => {
    for (const [type, hex] of [
      [18, '02000a'],
      [9, '1702000000'],
      [9, ''],
      [8, ''],
      [9, '1700000000'],
      [8, 'af00'],
    ] as const) {
      expect(sourceEventOf({ type, timestampMs: 0, data: fromHex(hex) }, 0)).toBeNull()
    }
  })
})

describe('FLV from outside', () => {
  it('ends in tags or in the typed error, whatever the bytes', () => {
    const good = file()
    const mutated = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = Uint8Array.from(good)
        for (const [at, value] of changes) bytes[at] = value
        return bytes
      })
    const any = fc.oneof(mutated, fc.uint8Array({ maxLength: 400 }))
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 64 }), (bytes, slice) => {
        try {
          for (const tag of read(bytes, slice, 4096)) sourceEventOf(tag, 0)
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('has a body that is a typed error at worst', () => {
    const body = fc.tuple(fc.constantFrom(8, 9), fc.uint8Array({ maxLength: 60 }))
    fc.assert(
      fc.property(body, ([type, data]) => {
        try {
          sourceEventOf({ type, timestampMs: 0, data }, 0)
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError)
        }
      }),
      { numRuns: 5000 },
    )
  })
})
