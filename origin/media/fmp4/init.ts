import { parseAvcConfig } from '../h264/avcc.ts'
import { parseSps } from '../h264/sps.ts'
import type { AudioTrack, Track, VideoTrack } from '../types.ts'
import { ascii, box, fullBox, uint16, uint32, zeros } from './box.ts'

/** Each rendition is a file of its own with one track. */
export const TRACK_ID = 1

const IDENTITY_MATRIX = [
  ...uint32(0x10000),
  ...zeros(12),
  ...uint32(0x10000),
  ...zeros(12),
  ...uint32(0x40000000),
]
/** "und" in packed ISO 639-2/T. */
const UNDETERMINED_LANGUAGE = uint16(0x55c4)
const SEVENTY_TWO_DPI = uint32(0x480000)

/**
 * CMAF header (EXT-X-MAP) of a track: ftyp and moov, no edit list (MEDIA.md 3), one entry in its sample description.
 * @throws MediaError when a video track's configuration can't be parsed
 */
export function initSegment(track: Track): Uint8Array {
  const ftyp = box('ftyp', ascii('iso6'), uint32(0), ascii('iso6cmfcmp41'))
  const moov = box('moov', movieHeader(), trackBox(track), box('mvex', trackExtends()))
  const out = new Uint8Array(ftyp.length + moov.length)
  out.set(ftyp)
  out.set(moov, ftyp.length)
  return out
}

function movieHeader(): Uint8Array {
  return fullBox(
    'mvhd',
    0,
    0,
    zeros(8), // creation, modification
    uint32(1000),
    uint32(0), // duration: told by the fragments
    uint32(0x10000), // rate 1.0
    uint16(0x100), // volume 1.0
    zeros(10),
    IDENTITY_MATRIX,
    zeros(24),
    uint32(TRACK_ID + 1),
  )
}

function trackExtends(): Uint8Array {
  return fullBox('trex', 0, 0, uint32(TRACK_ID), uint32(1), uint32(0), uint32(0), uint32(0))
}

function trackBox(track: Track): Uint8Array {
  const isVideo = track.kind === 'video'
  const header = fullBox(
    'tkhd',
    0,
    7, // enabled, in movie, in preview
    zeros(8),
    uint32(TRACK_ID),
    zeros(4),
    uint32(0), // duration
    zeros(8),
    uint16(0),
    uint16(isVideo ? 0 : 1), // alternate group
    uint16(isVideo ? 0 : 0x100), // volume
    zeros(2),
    IDENTITY_MATRIX,
    uint32(isVideo ? track.width << 16 : 0),
    uint32(isVideo ? track.height << 16 : 0),
  )
  const mediaHeader = fullBox(
    'mdhd',
    0,
    0,
    zeros(8),
    uint32(track.timescale),
    uint32(0),
    UNDETERMINED_LANGUAGE,
    uint16(0),
  )
  const handler = fullBox(
    'hdlr',
    0,
    0,
    zeros(4),
    ascii(isVideo ? 'vide' : 'soun'),
    zeros(12),
    ascii(isVideo ? 'video' : 'audio'),
    [0],
  )
  const mediaInfo = box(
    'minf',
    isVideo ? fullBox('vmhd', 0, 1, zeros(8)) : fullBox('smhd', 0, 0, zeros(4)),
    box('dinf', fullBox('dref', 0, 0, uint32(1), fullBox('url ', 0, 1))),
    box(
      'stbl',
      fullBox('stsd', 0, 0, uint32(1), isVideo ? videoEntry(track) : audioEntry(track)),
      fullBox('stts', 0, 0, uint32(0)),
      fullBox('stsc', 0, 0, uint32(0)),
      fullBox('stsz', 0, 0, uint32(0), uint32(0)),
      fullBox('stco', 0, 0, uint32(0)),
    ),
  )
  return box('trak', header, box('mdia', mediaHeader, handler, mediaInfo))
}

/** avc1, ISO/IEC 14496-15 5.4.2.1. */
function videoEntry(track: VideoTrack): Uint8Array {
  const [nal] = parseAvcConfig(track.config).sps
  const sps = parseSps(nal ?? track.config)
  const [wide, high] = sps.aspect
  return box(
    'avc1',
    zeros(6),
    uint16(1), // data reference
    zeros(16),
    uint16(sps.codedWidth),
    uint16(sps.codedHeight),
    SEVENTY_TWO_DPI,
    SEVENTY_TWO_DPI,
    zeros(4),
    uint16(1), // frames per sample
    zeros(32), // compressor's name
    uint16(0x18),
    uint16(0xffff),
    box('avcC', track.config),
    wide === high ? [] : box('pasp', uint32(wide), uint32(high)),
  )
}

/** mp4a, ISO/IEC 14496-14 5.6. */
function audioEntry(track: AudioTrack): Uint8Array {
  return box(
    'mp4a',
    zeros(6),
    uint16(1), // data reference
    zeros(8),
    uint16(Math.min(track.channels, 2)),
    uint16(16), // bits a sample
    zeros(4),
    // 16.16 fixed point: rates that don't fit are told by the configuration alone.
    uint16(track.sampleRate > 0xffff ? 0 : track.sampleRate),
    uint16(0),
    fullBox('esds', 0, 0, esDescriptor(track.config)),
  )
}

/** ISO/IEC 14496-1 7.2.6.5. */
function esDescriptor(config: Uint8Array): number[] {
  const AAC_OBJECT = 0x40
  const AUDIO_STREAM = 0x15
  const specific = descriptor(5, [...config])
  const decoder = descriptor(4, [AAC_OBJECT, AUDIO_STREAM, ...zeros(3), ...zeros(8), ...specific])
  return descriptor(3, [...uint16(TRACK_ID), 0, ...decoder, ...descriptor(6, [2])])
}

function descriptor(tag: number, contents: number[]): number[] {
  const size = contents.length
  return [
    tag,
    0x80 | (size >> 21),
    0x80 | ((size >> 14) & 0x7f),
    0x80 | ((size >> 7) & 0x7f),
    size & 0x7f,
    ...contents,
  ]
}
