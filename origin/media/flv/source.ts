import type { SourceEvent } from '../types.ts'
import type { FlvTag } from './reader.ts'

/**
 * Turns an FLV tag (or an RTMP message: types 8 and 9 have the same body) into what the sanitiser takes.
 * Null for tags that carry no media (metadata, end of sequence, empty bodies).
 * `data` of samples is a view of the tag's bytes: don't reuse those until the part that holds the sample is out.
 * @throws UnsupportedCodecError for a codec other than H.264 and AAC, MediaError for a body that is broken
 */
export function sourceEventOf(tag: FlvTag, arrivedAtMs: number): SourceEvent | null {
  throw new Error(`not yet ${tag} ${arrivedAtMs}`)
}
