import { aacTrack } from '../aac/config.ts'
import { MediaError, UnsupportedCodecError } from '../errors.ts'
import { h264Track } from '../h264/track.ts'
import type { SourceEvent } from '../types.ts'
import type { FlvTag } from './reader.ts'

const AUDIO_TAG = 8
const VIDEO_TAG = 9

const CODEC_H264 = 7
const CODEC_AAC = 10
const AUDIO_EXTENDED = 9
const FRAME_COMMAND = 5

/** Adobe FLV 10.1, E.4.3.1 and E.4.2.1. */
const VIDEO_CODECS = new Map([
  [1, 'JPEG'],
  [2, 'H.263'],
  [3, 'Screen Video'],
  [4, 'VP6'],
  [5, 'VP6'],
  [6, 'Screen Video 2'],
  [8, 'H.263'],
  [9, 'MPEG-4'],
  [12, 'HEVC'],
  [13, 'AV1'],
])
const AUDIO_CODECS = new Map([
  [0, 'PCM'],
  [1, 'ADPCM'],
  [2, 'MP3'],
  [3, 'PCM'],
  [4, 'Nellymoser'],
  [5, 'Nellymoser'],
  [6, 'Nellymoser'],
  [7, 'G.711'],
  [8, 'G.711'],
  [11, 'Speex'],
  [13, 'Opus'],
  [14, 'MP3'],
])
/** Enhanced RTMP's names of codecs. */
const FOURCCS = new Map([
  ['hvc1', 'HEVC'],
  ['hev1', 'HEVC'],
  ['vvc1', 'VVC'],
  ['av01', 'AV1'],
  ['vp08', 'VP8'],
  ['vp09', 'VP9'],
  ['Opus', 'Opus'],
  ['fLaC', 'FLAC'],
  ['ac-3', 'AC-3'],
  ['ec-3', 'E-AC-3'],
  ['.mp3', 'MP3'],
])

/** Packet types of Enhanced RTMP, the same for video and audio as far as we take them. */
const SEQUENCE_START = 0
const CODED_FRAMES = 1
const CODED_FRAMES_X = 3
const VIDEO_METADATA = 4
/** Above these come multitrack packets and modifiers. */
const LAST_VIDEO_PACKET = 5
const LAST_AUDIO_PACKET = 4

/**
 * Turns an FLV tag (or an RTMP message: types 8 and 9 have the same body) into what the sanitiser takes.
 * Null for tags that carry no media (metadata, end of sequence, empty bodies).
 * `data` of samples is a view of the tag's bytes: don't reuse those until the part that holds the sample is out.
 * @throws UnsupportedCodecError for a codec other than H.264 and AAC, MediaError for a body that is broken
 */
export function sourceEventOf(tag: FlvTag, arrivedAtMs: number): SourceEvent | null {
  if (tag.data.length === 0) return null
  if (tag.type === VIDEO_TAG) return videoEvent(tag, arrivedAtMs)
  if (tag.type === AUDIO_TAG) return audioEvent(tag, arrivedAtMs)
  return null
}

function videoEvent(tag: FlvTag, arrivedAtMs: number): SourceEvent | null {
  const { data } = tag
  const head = data[0] ?? 0
  if (head & 0x80) return extendedVideoEvent(tag, head, arrivedAtMs)
  if (head >> 4 === FRAME_COMMAND) return null
  const codec = head & 0x0f
  if (codec !== CODEC_H264)
    throw new UnsupportedCodecError('video', VIDEO_CODECS.get(codec) ?? `codec ${codec}`)
  if (data.length < 5) throw new MediaError('flv-bad-tag', 'a video tag that ends too early')
  const packet = data[1]
  if (packet === 0) return data.length > 5 ? { type: 'track', track: h264Track(data.subarray(5)) } : null
  if (packet !== 1) return null
  return videoSample(tag, 5, signed24(data, 2), arrivedAtMs)
}

function extendedVideoEvent(tag: FlvTag, head: number, arrivedAtMs: number): SourceEvent | null {
  const { data } = tag
  const packet = head & 0x0f
  if (((head >> 4) & 7) === FRAME_COMMAND && packet !== VIDEO_METADATA) return null
  if (packet > LAST_VIDEO_PACKET) throw new UnsupportedCodecError('video', 'multitrack')
  const fourcc = readFourcc(data)
  if (fourcc !== 'avc1') throw new UnsupportedCodecError('video', FOURCCS.get(fourcc) ?? printable(fourcc))
  if (packet === SEQUENCE_START) return { type: 'track', track: h264Track(data.subarray(5)) }
  if (packet === CODED_FRAMES_X) return videoSample(tag, 5, 0, arrivedAtMs)
  if (packet !== CODED_FRAMES) return null
  if (data.length < 8) throw new MediaError('flv-bad-tag', 'a video tag that ends too early')
  return videoSample(tag, 8, signed24(data, 5), arrivedAtMs)
}

function videoSample(
  tag: FlvTag,
  start: number,
  compositionMs: number,
  arrivedAtMs: number,
): SourceEvent | null {
  if (tag.data.length <= start) return null
  return {
    type: 'sample',
    kind: 'video',
    dtsMs: tag.timestampMs,
    ptsMs: tag.timestampMs + compositionMs,
    data: tag.data.subarray(start),
    arrivedAtMs,
  }
}

function audioEvent(tag: FlvTag, arrivedAtMs: number): SourceEvent | null {
  const { data } = tag
  const codec = (data[0] ?? 0) >> 4
  if (codec === AUDIO_EXTENDED) return extendedAudioEvent(tag, arrivedAtMs)
  if (codec !== CODEC_AAC)
    throw new UnsupportedCodecError('audio', AUDIO_CODECS.get(codec) ?? `codec ${codec}`)
  if (data.length < 2) throw new MediaError('flv-bad-tag', 'an audio tag that ends too early')
  if (data[1] === 0) return data.length > 2 ? { type: 'track', track: aacTrack(data.subarray(2)) } : null
  return data[1] === 1 ? audioSample(tag, 2, arrivedAtMs) : null
}

function extendedAudioEvent(tag: FlvTag, arrivedAtMs: number): SourceEvent | null {
  const packet = (tag.data[0] ?? 0) & 0x0f
  if (packet > LAST_AUDIO_PACKET) throw new UnsupportedCodecError('audio', 'multitrack')
  const fourcc = readFourcc(tag.data)
  if (fourcc !== 'mp4a') throw new UnsupportedCodecError('audio', FOURCCS.get(fourcc) ?? printable(fourcc))
  if (packet === SEQUENCE_START) return { type: 'track', track: aacTrack(tag.data.subarray(5)) }
  return packet === CODED_FRAMES ? audioSample(tag, 5, arrivedAtMs) : null
}

function audioSample(tag: FlvTag, start: number, arrivedAtMs: number): SourceEvent | null {
  if (tag.data.length <= start) return null
  return {
    type: 'sample',
    kind: 'audio',
    dtsMs: tag.timestampMs,
    ptsMs: tag.timestampMs,
    data: tag.data.subarray(start),
    arrivedAtMs,
  }
}

function readFourcc(data: Uint8Array): string {
  if (data.length < 5) throw new MediaError('flv-bad-tag', 'a tag that ends before its codec')
  return String.fromCharCode(data[1] ?? 0, data[2] ?? 0, data[3] ?? 0, data[4] ?? 0)
}

/** What an unknown encoder put there may be anything; it ends up in a log line and a status. */
function printable(fourcc: string): string {
  return /^[\x21-\x7e]{4}$/.test(fourcc) ? fourcc : 'unknown'
}

function signed24(data: Uint8Array, at: number): number {
  return (((data[at] ?? 0) << 24) | ((data[at + 1] ?? 0) << 16) | ((data[at + 2] ?? 0) << 8)) >> 8
}
