import type { Sample } from '../types.ts'
import { TRACK_ID } from './init.ts'

/** What a moof and its mdat are made of. */
export interface Fragment {
  kind: 'video' | 'audio'
  /** mfhd's sequence number. */
  number: number
  samples: readonly Sample[]
  /** Of each sample, in the track's timescale. */
  durations: readonly number[]
}

const MOOF = 0x6d6f6f66
const MFHD = 0x6d666864
const TRAF = 0x74726166
const TFHD = 0x74666864
const TFDT = 0x74666474
const TRUN = 0x7472756e
const MDAT = 0x6d646174

const DEFAULT_BASE_IS_MOOF = 0x020000
const DEFAULT_FLAGS_PRESENT = 0x000020
const DATA_OFFSET = 0x000001
const SAMPLE_DURATION = 0x000100
const SAMPLE_SIZE = 0x000200
const SAMPLE_FLAGS = 0x000400
const SAMPLE_COMPOSITION = 0x000800

/** Depends on no other sample. */
const SYNC_SAMPLE = 0x02000000
/** Depends on others and is no place to begin. */
const OTHER_SAMPLE = 0x01010000

const HEAD_BYTES = 8 + 16 + 8 + 20 + 20 + 20
const VIDEO_ENTRY_BYTES = 16
const AUDIO_ENTRY_BYTES = 8

/**
 * Writes a CMAF chunk: moof (tfhd default-base-is-moof, tfdt version 1, trun version 1 with signed composition offsets)
 * and mdat. One allocation; each sample's bytes are copied once.
 */
export function writeFragment(fragment: Fragment): Uint8Array {
  const { samples, durations } = fragment
  const isVideo = fragment.kind === 'video'
  const entryBytes = isVideo ? VIDEO_ENTRY_BYTES : AUDIO_ENTRY_BYTES
  let mediaBytes = 0
  for (const sample of samples) mediaBytes += sample.data.length
  const moofBytes = HEAD_BYTES + entryBytes * samples.length
  const out = Buffer.allocUnsafe(moofBytes + 8 + mediaBytes)

  const first = samples[0]?.dts ?? 0
  uint32(out, 0, moofBytes)
  uint32(out, 4, MOOF)
  uint32(out, 8, 16)
  uint32(out, 12, MFHD)
  uint32(out, 16, 0)
  uint32(out, 20, fragment.number)
  uint32(out, 24, moofBytes - 24)
  uint32(out, 28, TRAF)
  uint32(out, 32, 20)
  uint32(out, 36, TFHD)
  uint32(out, 40, DEFAULT_BASE_IS_MOOF | DEFAULT_FLAGS_PRESENT)
  uint32(out, 44, TRACK_ID)
  uint32(out, 48, isVideo ? OTHER_SAMPLE : SYNC_SAMPLE)
  uint32(out, 52, 20)
  uint32(out, 56, TFDT)
  uint32(out, 60, 1 << 24)
  uint32(out, 64, Math.floor(first / 2 ** 32))
  uint32(out, 68, first % 2 ** 32)
  uint32(out, 72, moofBytes - 72)
  uint32(out, 76, TRUN)
  const fields =
    DATA_OFFSET | SAMPLE_DURATION | SAMPLE_SIZE | (isVideo ? SAMPLE_FLAGS | SAMPLE_COMPOSITION : 0)
  uint32(out, 80, (1 << 24) | fields)
  uint32(out, 84, samples.length)
  uint32(out, 88, moofBytes + 8)

  let entry = HEAD_BYTES
  let media = moofBytes + 8
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]
    if (!sample) continue
    uint32(out, entry, durations[i] ?? 0)
    uint32(out, entry + 4, sample.data.length)
    if (isVideo) {
      uint32(out, entry + 8, sample.key ? SYNC_SAMPLE : OTHER_SAMPLE)
      uint32(out, entry + 12, sample.pts - sample.dts)
    }
    entry += entryBytes
    out.set(sample.data, media)
    media += sample.data.length
  }
  uint32(out, moofBytes, 8 + mediaBytes)
  uint32(out, moofBytes + 4, MDAT)
  return out
}

/** Two's complement for negative values. */
function uint32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
}
