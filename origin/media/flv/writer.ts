import type { Sample, Track } from '../types.ts'

/** Starts an FLV file or pipe. */
export function flvFileHeader(has: { video: boolean; audio: boolean }): Uint8Array {
  throw new Error(`not yet ${has}`)
}

/** The tag with a track's codec configuration (sequence header), at time 0. Write it before the track's first sample. */
export function flvTrackTag(track: Track): Uint8Array {
  throw new Error(`not yet ${track}`)
}

/** A sanitised sample as one tag in three chunks [header, the sample's own bytes, trailer]: write them in order. */
export function flvSampleTag(track: Track, sample: Sample): [Uint8Array, Uint8Array, Uint8Array] {
  throw new Error(`not yet ${track} ${sample}`)
}
