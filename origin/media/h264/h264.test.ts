import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MediaError } from '../errors.ts'
import { AVC_CONFIG, AVC_CONFIG_1080, accessUnit, fromHex, nal } from '../test-samples.ts'
import { buildAvcConfig, parseAvcConfig } from './avcc.ts'
import { inspectAccessUnit } from './nal.ts'
import { avcCodecs, parseSps } from './sps.ts'
import { h264Track } from './track.ts'

/** From x264, as the names say. */
const SPS = {
  high1080at2997: '67640028acd940780227e5c04400000fa40003a9803c60c658',
  baseline480at23976: '6742c01ed900d83de6f01100000303e90000bb800f162e48',
  main480with8to9pixels: '674d401eeca05a1edff800400048800001f480007530078b16cb',
  high444at25: '67f4000c919b282833f1b808800000030080000019078a14cb',
  interlaced576at25: '6764001eacd940b424d8088000000300800000190f8a14cb',
  portrait606by1080at60: '67640020acd94098089ea5c044000003000400000301e03c60c658',
}

describe('the SPS', () => {
  it('tells size after cropping, rate and codecs string', () => {
    const parsed = (name: keyof typeof SPS) => {
      const sps = parseSps(fromHex(SPS[name]))
      const rate = sps.frameRate === null ? null : Math.round(sps.frameRate * 1000) / 1000
      return [sps.width, sps.height, rate, avcCodecs(sps)]
    }
    expect(parsed('high1080at2997')).toEqual([1920, 1080, 29.97, 'avc1.640028'])
    expect(parsed('baseline480at23976')).toEqual([854, 480, 23.976, 'avc1.42c01e'])
    expect(parsed('main480with8to9pixels')).toEqual([640, 480, 29.97, 'avc1.4d401e'])
    expect(parsed('high444at25')).toEqual([320, 180, 25, 'avc1.f4000c'])
    expect(parsed('interlaced576at25')).toEqual([720, 576, 25, 'avc1.64001e'])
    expect(parsed('portrait606by1080at60')).toEqual([606, 1080, 60, 'avc1.640020'])
  })

  it('keeps the coded size apart from the shown one', () => {
    expect(parseSps(fromHex(SPS.main480with8to9pixels))).toMatchObject({
      codedWidth: 720,
      aspect: [8, 9],
      width: 640,
    })
  })

  it('is a typed error at worst, in bounded time', () => {
    const seeds = Object.values(SPS).map(fromHex)
    const mutated = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(25), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      )
      .map(([seed, changes]) => {
        const bytes = Uint8Array.from(seed)
        for (const [at, value] of changes) if (at > 0 && at < bytes.length) bytes[at] = value
        return bytes
      })
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.of(0x67, ...bytes))
    fc.assert(
      fc.property(fc.oneof(mutated, random), (bytes) => {
        try {
          const sps = parseSps(bytes)
          expect(sps.width).toBeGreaterThan(0)
          expect(sps.width).toBeLessThanOrEqual(16_384)
          expect(sps.height).toBeLessThanOrEqual(16_384)
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError)
        }
      }),
      { numRuns: 5000 },
    )
  })
})

describe('the AVC configuration', () => {
  it('comes out of the builder as it went into the parser', () => {
    for (const bytes of [AVC_CONFIG, AVC_CONFIG_1080]) {
      expect(Buffer.from(buildAvcConfig(parseAvcConfig(bytes))).toString('hex')).toBe(
        Buffer.from(bytes).toString('hex'),
      )
    }
  })

  it('makes a track that does not share memory with the socket', () => {
    const bytes = Uint8Array.from(AVC_CONFIG)
    const track = h264Track(bytes)
    bytes.fill(0)
    expect(track.config).toEqual(AVC_CONFIG)
    expect(track).toMatchObject({ width: 640, height: 360, frameRate: 30, codecs: 'avc1.4d401e' })
  })

  it('is no larger than any encoder makes it: each header of a stream has a copy', () => {
    const padded = (bytes: number) =>
      Uint8Array.from(Buffer.concat([AVC_CONFIG, Buffer.alloc(bytes - AVC_CONFIG.length)]))
    expect(h264Track(padded(16_384)).config).toHaveLength(16_384)
    const tooLarge = expect.objectContaining({ code: 'avc-bad-config' })
    expect(() => h264Track(padded(16_385))).toThrow(tooLarge)
    const config = parseAvcConfig(AVC_CONFIG)
    const pps = Uint8Array.of(0x68, ...new Uint8Array(16_384))
    expect(() => h264Track(buildAvcConfig({ ...config, pps: [pps] }))).toThrow(tooLarge)
  })

  it('is a typed error at worst', () => {
    const mutated = fc
      .array(fc.tuple(fc.nat(AVC_CONFIG.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const bytes = Uint8Array.from(AVC_CONFIG)
        for (const [at, value] of changes) bytes[at] = value
        return bytes
      })
    const cut = fc.nat(AVC_CONFIG.length).map((length) => AVC_CONFIG.slice(0, length))
    fc.assert(
      fc.property(fc.oneof(mutated, cut, fc.uint8Array({ maxLength: 100 })), (bytes) => {
        try {
          h264Track(bytes)
          buildAvcConfig(parseAvcConfig(bytes))
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError)
        }
      }),
      { numRuns: 5000 },
    )
  })
})

describe('an access unit', () => {
  it('is a key frame by its IDR slice alone', () => {
    expect(inspectAccessUnit(accessUnit(nal(9), nal(7), nal(8), nal(6), nal(5)), 4)).toMatchObject({
      key: true,
      picture: true,
    })
    expect(inspectAccessUnit(accessUnit(nal(9), nal(1)), 4)).toMatchObject({ key: false, picture: true })
    expect(inspectAccessUnit(accessUnit(nal(7), nal(8)), 4)).toMatchObject({ key: false, picture: false })
  })

  it('is a typed error at worst', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(1, 2, 4), (bytes, lengthSize) => {
        try {
          inspectAccessUnit(bytes, lengthSize)
        } catch (error) {
          expect(error).toBeInstanceOf(MediaError)
        }
      }),
      { numRuns: 5000 },
    )
  })
})
