/** One FLV tag; an RTMP message is the same thing. */
export interface FlvTag {
  /** 8 audio, 9 video, 18 script data. */
  type: number
  /** 32 bits, unsigned. */
  timestampMs: number
  data: Uint8Array
}

/** Incremental FLV reader: bytes in any slicing in, tags out. */
export class FlvReader {
  constructor(onTag: (tag: FlvTag) => void, maxTagBytes = 8 * 1024 * 1024) {
    throw new Error(`not yet ${onTag} ${maxTagBytes}`)
  }

  /** @throws MediaError when the bytes aren't FLV; the reader is of no use afterwards */
  push(bytes: Uint8Array): void {
    throw new Error(`not yet ${bytes}`)
  }
}
