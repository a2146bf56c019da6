import type { Sample, Track } from '../types.ts'

const TAG_HEADER_BYTES = 11
const MAX_TAG_BYTES = 0xff_ffff
/** AAC, 44 kHz, 16 bits, stereo: what AAC always says here, the truth is in its configuration (Adobe FLV 10.1, E.4.2.1). */
const AAC_HEAD = 0xaf
const H264_KEY_HEAD = 0x17
const H264_HEAD = 0x27

/** Starts an FLV file or pipe. */
export function flvFileHeader(has: { video: boolean; audio: boolean }): Uint8Array {
  const flags = (has.audio ? 4 : 0) | (has.video ? 1 : 0)
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, 9, 0, 0, 0, 0)
}

/** The tag with a track's codec configuration (sequence header), at time 0. Write it before the track's first sample. */
export function flvTrackTag(track: Track): Uint8Array {
  const intro = track.kind === 'video' ? [H264_KEY_HEAD, 0, 0, 0, 0] : [AAC_HEAD, 0]
  const header = tagHeader(track.kind, 0, intro, track.config.length)
  const out = new Uint8Array(header.length + track.config.length + 4)
  out.set(header)
  out.set(track.config, header.length)
  out.set(trailer(header.length + track.config.length), header.length + track.config.length)
  return out
}

/**
 * A sanitised sample as one tag in three chunks [header, the sample's own bytes, trailer]: write them in order.
 * Times are rounded to ms by `flvTimeMs`, from which a packager finds a rung's exact times again.
 */
export function flvSampleTag(track: Track, sample: Sample): [Uint8Array, Uint8Array, Uint8Array] {
  const dtsMs = flvTimeMs(sample.dts, track.timescale)
  const composition = flvTimeMs(sample.pts, track.timescale) - dtsMs
  const intro =
    track.kind === 'video'
      ? [
          sample.key ? H264_KEY_HEAD : H264_HEAD,
          1,
          (composition >> 16) & 0xff,
          (composition >> 8) & 0xff,
          composition & 0xff,
        ]
      : [AAC_HEAD, 1]
  const header = tagHeader(track.kind, dtsMs, intro, sample.data.length)
  return [header, sample.data, trailer(header.length + sample.data.length)]
}

/** A time of the sanitised clock as FLV writes it. */
export function flvTimeMs(ticks: number, timescale: number): number {
  return Math.round((ticks * 1000) / timescale)
}

function tagHeader(kind: 'video' | 'audio', timeMs: number, intro: number[], dataBytes: number): Uint8Array {
  const size = intro.length + dataBytes
  if (size > MAX_TAG_BYTES)
    throw new RangeError(`a sample of ${dataBytes} bytes does not fit into an FLV tag`)
  const header = new Uint8Array(TAG_HEADER_BYTES + intro.length)
  const view = new DataView(header.buffer)
  view.setUint32(0, size)
  header[0] = kind === 'video' ? 9 : 8
  view.setUint32(4, ((timeMs << 8) | ((timeMs >>> 24) & 0xff)) >>> 0)
  header.set(intro, TAG_HEADER_BYTES)
  return header
}

function trailer(tagBytes: number): Uint8Array {
  return Uint8Array.of(
    (tagBytes >> 24) & 0xff,
    (tagBytes >> 16) & 0xff,
    (tagBytes >> 8) & 0xff,
    tagBytes & 0xff,
  )
}
