import { MediaError } from '../errors.ts'
import { VIDEO_TIMESCALE, type VideoTrack } from '../types.ts'
import { parseAvcConfig } from './avcc.ts'
import { avcCodecs, parseSps } from './sps.ts'

/** Room for more parameter sets than any encoder has. A track's headers are held for as long as a live window is. */
const MAX_CONFIG_BYTES = 16 * 1024

/**
 * A video track from its AVCDecoderConfigurationRecord, which is copied.
 * @throws MediaError for a broken or oversized configuration, or SPS
 */
export function h264Track(avcC: Uint8Array): VideoTrack {
  if (avcC.length > MAX_CONFIG_BYTES) {
    throw new MediaError('avc-bad-config', 'a configuration larger than any encoder makes')
  }
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
