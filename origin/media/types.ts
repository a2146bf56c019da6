/** Video samples carry times in 90 kHz, audio samples in the track's own sample rate (MEDIA.md 1). */
export const VIDEO_TIMESCALE = 90_000

/** PART-TARGET in milliseconds (MEDIA.md 5): constant for a broadcast. */
export type PartTargetMs = 210 | 510

export interface VideoTrack {
  kind: 'video'
  codec: 'h264'
  timescale: typeof VIDEO_TIMESCALE
  /** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1. */
  config: Uint8Array
  /** RFC 6381, e.g. "avc1.64001f". */
  codecs: string
  /** In square pixels, after cropping. */
  width: number
  height: number
  /** From the VUI, or null until it was measured. */
  frameRate: number | null
}

export interface AudioTrack {
  kind: 'audio'
  codec: 'aac'
  /** The sample rate. */
  timescale: number
  /** AudioSpecificConfig, ISO/IEC 14496-3 1.6.2.1. */
  config: Uint8Array
  /** RFC 6381, e.g. "mp4a.40.2". */
  codecs: string
  sampleRate: number
  channels: number
  /** Samples one frame lasts, at `sampleRate` (1024; 2048 with explicit SBR). */
  samplesPerFrame: number
}

export type Track = VideoTrack | AudioTrack

/** One encoded access unit (video: length-prefixed NAL units) or audio frame (raw AAC). */
export interface Sample {
  /** Decode time in the track's timescale. */
  dts: number
  /** Presentation time in the track's timescale. */
  pts: number
  key: boolean
  data: Uint8Array
}

/**
 * What a source (RTMP, an ffmpeg's FLV output, WebRTC) hands over, in the order in which it arrived; times in its own
 * clock. `arrivedAtMs` is the wall clock, ms since the Unix epoch: program date time comes from it. `data` stays as it
 * is until the part that holds the sample is out (a second at most): a reader that reuses its buffer must copy.
 */
export type SourceEvent =
  | { type: 'track'; track: Track }
  | {
      type: 'sample'
      kind: 'video' | 'audio'
      dtsMs: number
      ptsMs: number
      data: Uint8Array
      arrivedAtMs: number
    }

/** A rendition's part: the smallest thing a low-latency playlist lists. Bytes are one moof+mdat. */
export interface Part {
  /** Rendition-wide counter of the epoch. */
  number: number
  /** Media sequence number of the segment it belongs to, and its place in it. */
  sequence: number
  index: number
  /** In the rendition's timescale. */
  dts: number
  duration: number
  independent: boolean
  data: Uint8Array
  /** True where nothing came: listed as a gap, so that the segment's parts last as long as the segment; no data. */
  gap?: true
}

/** One finished segment's entry in a timeline. Immutable; enough to print any playlist. */
export interface SegmentEntry {
  epoch: number
  sequence: number
  /** In the rendition's timescale. */
  dts: number
  duration: number
  programTimeMs: number
  sizeBytes: number
  independent: boolean
  discontinuity: boolean
  gap: boolean
  /** Which EXT-X-MAP it needs: absent for the epoch's first, else the number of the segment from which that holds. */
  header?: number
}

/** A rendition as playlists describe it. `id` is stable: "source", "audio", "720p30", ... */
export interface RenditionInfo {
  id: string
  kind: 'video' | 'audio'
  codecs: string
  timescale: number
  width?: number
  height?: number
  frameRate?: number
  channels?: number
  /** CEA-608/708 captions were seen in the picture data. */
  captions?: boolean
}
