import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EncoderRow, nvdecRow, nvencRow, x264Row } from './encoders.ts'
import { chooseRungs } from './ladder.ts'
import { liveInputArguments, rungOutputArguments } from './ladder-arguments.ts'

const names = (width: number, height: number, frameRate: number | null) =>
  chooseRungs({ width, height, frameRate }).map((rung) => `${rung.id} ${rung.width}x${rung.height}`)

describe('the ladder', () => {
  test.each([
    [1920, 1080, 30, ['720p30 1280x720', '480p30 854x480', '360p30 640x360', '240p30 426x240']],
    [1280, 720, 59.94, ['480p60 854x480', '360p60 640x360', '240p60 426x240']],
    [1080, 1920, 25, ['720p25 720x1280', '480p25 480x854', '360p25 360x640', '240p25 240x426']],
    [3840, 2160, 23.976, ['1080p24 1920x1080', '720p24 1280x720', '480p24 854x480', '360p24 640x360']],
    [640, 480, null, ['360p30 480x360', '240p30 320x240']],
    [1000, 700, 30, ['480p30 686x480', '360p30 514x360', '240p30 342x240']],
    [426, 240, 30, []],
    [128, 96, 30, []],
  ])('below %i x %i at %f is %j', (width, height, frameRate, expected) => {
    expect(names(width, height, frameRate)).toEqual(expected)
  })

  test('is never as large as the source, keeps its shape, has even sizes', () => {
    const side = fc.integer({ min: 16, max: 8192 })
    fc.assert(
      fc.property(side, side, (width, height) => {
        for (const rung of chooseRungs({ width, height, frameRate: 30 })) {
          expect(Math.min(rung.width, rung.height)).toBeLessThan(Math.min(width, height))
          expect(rung.width).toBeLessThanOrEqual(width)
          expect(rung.height).toBeLessThanOrEqual(height)
          expect([rung.width % 2, rung.height % 2]).toEqual([0, 0])
          expect(Math.abs(rung.width * height - rung.height * width)).toBeLessThanOrEqual(
            Math.max(width, height),
          )
        }
      }),
    )
  })

  test('fills the slots of a broadcast that goes on with another encoder, and makes no others', () => {
    const slots = ['720p30', '480p30', '240p30']
    const ids = (height: number, frameRate: number) =>
      chooseRungs({ width: (height * 16) / 9, height, frameRate }, slots).map(({ id, height }) => [
        id,
        height,
      ])
    expect(ids(1080, 59.94)).toEqual([
      ['720p30', 720],
      ['480p30', 480],
      ['240p30', 240],
    ])
    expect(ids(720, 25)).toEqual([
      ['480p30', 480],
      ['240p30', 240],
    ])
    expect(chooseRungs({ width: 1920, height: 1080, frameRate: 30 }, [])).toEqual([])
  })
})

describe("ffmpeg's arguments", () => {
  const rungs = chooseRungs({ width: 854, height: 480, frameRate: 30 })
  const run = (row: EncoderRow) => ({
    input: liveInputArguments(row).join(' '),
    outputs: rungOutputArguments(rungs, row).map((each) => each.join(' ')),
  })
  const outputOf =
    '-force_key_frames source -fps_mode passthrough -enc_time_base -1 ' +
    '-avoid_negative_ts disabled -flvflags no_duration_filesize -flush_packets 1 -f flv'
  const fromStdin =
    '-flags low_delay -analyzeduration 0 -probesize 32k -protocol_whitelist pipe -copyts -f flv'
  const onCard = '-hwaccel cuda -hwaccel_output_format cuda'
  const x264 = (bitrateBps: number) =>
    '-c:v libx264 -preset veryfast -tune zerolatency -profile:v high ' +
    `-crf 23 -maxrate ${bitrateBps} -bufsize ${bitrateBps} ` +
    '-bf 0 -g 9999 -keyint_min 1 -sc_threshold 0 -forced-idr 1'

  test('x264 alone', () => {
    expect(run(x264Row)).toEqual({
      input: fromStdin,
      outputs: [
        '-filter_complex [0:v]scale=640:360:flags=bicubic,setsar=1,format=yuv420p,split[out0][next0];' +
          '[next0]scale=428:240:flags=bicubic,setsar=1,format=yuv420p[out1] ' +
          `-map [out0] -an ${x264(700_000)} ${outputOf}`,
        `-map [out1] -an ${x264(350_000)} ${outputOf}`,
      ],
    })
  })

  test('decoded and scaled on the card, encoded with x264', () => {
    expect(run(nvdecRow)).toEqual({
      input: `${onCard} ${fromStdin}`,
      outputs: [
        '-filter_complex [0:v]scale_cuda=640:360:interp_algo=bicubic:format=nv12,setsar=1,split[own0][next0];' +
          '[own0]hwdownload,format=nv12[out0];' +
          '[next0]scale_cuda=428:240:interp_algo=bicubic:format=nv12,setsar=1,hwdownload,format=nv12[out1] ' +
          `-map [out0] -an ${x264(700_000)} ${outputOf}`,
        `-map [out1] -an ${x264(350_000)} ${outputOf}`,
      ],
    })
  })

  test('all on the card', () => {
    const nvenc = (bitrateBps: number) =>
      '-c:v h264_nvenc -preset p4 -tune ull -profile:v high -rc vbr -cq 25 -b:v 0 ' +
      `-maxrate ${bitrateBps} -bufsize ${bitrateBps} ` +
      '-bf 0 -g 9999 -forced-idr 1 -no-scenecut 1 -delay 0'
    expect(run(nvencRow)).toEqual({
      input: `${onCard} ${fromStdin}`,
      outputs: [
        '-filter_complex [0:v]scale_cuda=640:360:interp_algo=bicubic:format=nv12,setsar=1,split[out0][next0];' +
          '[next0]scale_cuda=428:240:interp_algo=bicubic:format=nv12,setsar=1[out1] ' +
          `-map [out0] -an ${nvenc(700_000)} ${outputOf}`,
        `-map [out1] -an ${nvenc(350_000)} ${outputOf}`,
      ],
    })
  })

  test('a single rung has nothing to split', () => {
    const [last] = rungs.slice(-1)
    expect(rungOutputArguments(last ? [last] : [], nvdecRow)[0]?.[1]).toBe(
      '[0:v]scale_cuda=428:240:interp_algo=bicubic:format=nv12,setsar=1,hwdownload,format=nv12[out0]',
    )
  })
})
