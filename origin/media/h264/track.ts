import { VIDEO_TIMESCALE, type VideoTrack } from '../types.ts'
import { parseAvcConfig } from './avcc.ts'
import { avcCodecs, parseSps } from './sps.ts'

/**
 * A video track from its AVCDecoderConfigurationRecord, which is copied.
 * @throws MediaError for a broken configuration or SPS
 */
export function h264Track(avcC: Uint8Array): VideoTrack {
  const config = avcC.slice()
  const [nal] = parseAvcConfig(config).sps
  const sps = parseSps(nal ?? config)
  return {
    kind: 'video',
    codec: 'h264',
    timescale: VIDEO_TIMESCALE,
    config,
    codecs: avcCodecs(sps),
    width: sps.width,
    height: sps.height,
    frameRate: sps.frameRate,
  }
}
