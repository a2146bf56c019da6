import type { Rung } from './ladder.ts'

/**
 * One way to make a ladder: where the picture is decoded and scaled, and ffmpeg's H.264 encoder. A new one is a new row.
 * Every encoder is set up for live: no B-frames, nothing held back, key frames only where they are forced.
 */
export interface EncoderRow {
  id: 'nvenc' | 'nvdec-x264' | 'x264'
  /** Encoding sessions of the graphics card that each rung takes. */
  cardSessions: 0 | 1
  /** What the processor does itself, for an estimate of its cores. */
  processor: { decodes: boolean; encodes: boolean }
  /** Decoder's options, before the input. */
  input: readonly string[]
  /** Filter that makes a rung's picture of a larger one. */
  scale(rung: Pick<Rung, 'width' | 'height'>): string
  /** Filter that brings the picture to where the encoder takes it; null: it is there. */
  deliver: string | null
  encode(rung: Pick<Rung, 'bitrateBps'>): string[]
}

/** Whether a row needs a graphics card, which may go away in mid-stream. */
export function usesCard(row: EncoderRow): boolean {
  return !row.processor.decodes
}

/** Decodes on the first card that CUDA shows, and leaves the picture there. */
const onCard = ['-hwaccel', 'cuda', '-hwaccel_output_format', 'cuda']
const scaleOnCard: EncoderRow['scale'] = ({ width, height }) =>
  `scale_cuda=${width}:${height}:interp_algo=bicubic:format=nv12,setsar=1`

const encodeX264: EncoderRow['encode'] = ({ bitrateBps }) => [
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high'],
  ...['-crf', '23', '-maxrate', String(bitrateBps), '-bufsize', String(bitrateBps)],
  ...['-bf', '0', '-g', '9999', '-keyint_min', '1', '-sc_threshold', '0', '-forced-idr', '1'],
]

/** All on the card: a picture never crosses the bus. */
export const nvencRow: EncoderRow = {
  id: 'nvenc',
  cardSessions: 1,
  processor: { decodes: false, encodes: false },
  input: onCard,
  scale: scaleOnCard,
  deliver: null,
  encode: ({ bitrateBps }) => [
    ...['-c:v', 'h264_nvenc', '-preset', 'p4', '-tune', 'ull', '-profile:v', 'high'],
    ...['-rc', 'vbr', '-cq', '25', '-b:v', '0'],
    ...['-maxrate', String(bitrateBps), '-bufsize', String(bitrateBps)],
    ...['-bf', '0', '-g', '9999', '-forced-idr', '1', '-no-scenecut', '1', '-delay', '0'],
  ],
}

/** For cards without an encoder (H100, A100): they decode and scale, and only small pictures cross the bus. */
export const nvdecRow: EncoderRow = {
  id: 'nvdec-x264',
  cardSessions: 0,
  processor: { decodes: false, encodes: true },
  input: onCard,
  scale: scaleOnCard,
  deliver: 'hwdownload,format=nv12',
  encode: encodeX264,
}

/** Without any card. */
export const x264Row: EncoderRow = {
  id: 'x264',
  cardSessions: 0,
  processor: { decodes: true, encodes: true },
  input: [],
  scale: ({ width, height }) => `scale=${width}:${height}:flags=bicubic,setsar=1,format=yuv420p`,
  deliver: null,
  encode: encodeX264,
}
