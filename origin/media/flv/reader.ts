import { MediaError } from '../errors.ts'

/** One FLV tag; an RTMP message is the same thing. */
export interface FlvTag {
  /** 8 audio, 9 video, 18 script data. */
  type: number
  /** 32 bits, unsigned. */
  timestampMs: number
  data: Uint8Array
}

const FILE_HEADER_BYTES = 9
const TAG_HEADER_BYTES = 11
const PREVIOUS_SIZE_BYTES = 4
/** The header says how long it is; real ones say 9. */
const MAX_FILE_HEADER_BYTES = 64

type State = 'file-header' | 'skip' | 'previous-size' | 'tag-header' | 'tag-data'

/**
 * Incremental FLV reader: bytes in any slicing in, tags out (Adobe FLV 10.1, annex E). A tag that lies in one slice is
 * handed on as a view of it, others are put together in a buffer of their own; nothing is ever reused.
 */
export class FlvReader {
  readonly #onTag: (tag: FlvTag) => void
  readonly #maxTagBytes: number
  readonly #scratch = new Uint8Array(TAG_HEADER_BYTES)
  #state: State = 'file-header'
  #wanted = FILE_HEADER_BYTES
  #filled = 0
  #type = 0
  #timestampMs = 0
  #lastTagBytes = 0
  #body: Uint8Array | null = null

  constructor(onTag: (tag: FlvTag) => void, maxTagBytes = 8 * 1024 * 1024) {
    this.#onTag = onTag
    this.#maxTagBytes = maxTagBytes
  }

  /** @throws MediaError when the bytes aren't FLV; the reader is of no use afterwards */
  push(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      const n = Math.min(this.#wanted - this.#filled, bytes.length - at)
      const whole = this.#filled === 0 && n === this.#wanted
      const piece = bytes.subarray(at, at + n)
      at += n
      if (!whole || this.#state !== 'tag-data') this.#keep(piece)
      this.#filled += n
      if (this.#filled === this.#wanted) this.#advance(whole ? piece : null)
    }
  }

  #keep(piece: Uint8Array): void {
    if (this.#state === 'skip') return
    if (this.#state !== 'tag-data') this.#scratch.set(piece, this.#filled)
    else {
      this.#body ??= new Uint8Array(this.#wanted)
      this.#body.set(piece, this.#filled)
    }
  }

  #advance(wholeBody: Uint8Array | null): void {
    switch (this.#state) {
      case 'file-header':
        this.#readFileHeader()
        break
      case 'skip':
        this.#expect('previous-size', PREVIOUS_SIZE_BYTES)
        break
      case 'previous-size':
        this.#checkPreviousSize()
        this.#expect('tag-header', TAG_HEADER_BYTES)
        break
      case 'tag-header':
        this.#readTagHeader()
        break
      case 'tag-data': {
        const data = wholeBody ?? this.#body ?? new Uint8Array(0)
        this.#body = null
        this.#finishTag(data)
        break
      }
    }
  }

  #expect(state: State, wanted: number): void {
    this.#state = state
    this.#wanted = wanted
    this.#filled = 0
  }

  #readFileHeader(): void {
    const h = this.#scratch
    if (h[0] !== 0x46 || h[1] !== 0x4c || h[2] !== 0x56 || h[3] !== 1) {
      throw new MediaError('flv-bad-header', 'the bytes do not begin like an FLV file')
    }
    const length = uint32(h, 5)
    if (length < FILE_HEADER_BYTES || length > MAX_FILE_HEADER_BYTES) {
      throw new MediaError('flv-bad-header', `an FLV header of ${length} bytes`)
    }
    if (length > FILE_HEADER_BYTES) this.#expect('skip', length - FILE_HEADER_BYTES)
    else this.#expect('previous-size', PREVIOUS_SIZE_BYTES)
  }

  #checkPreviousSize(): void {
    const size = uint32(this.#scratch, 0)
    if (size !== this.#lastTagBytes) {
      throw new MediaError(
        'flv-bad-tag',
        `a tag of ${this.#lastTagBytes} bytes is followed by the size ${size}`,
      )
    }
  }

  #readTagHeader(): void {
    const h = this.#scratch
    const size = uint32(h, 0) & 0xff_ffff
    this.#type = (h[0] ?? 0) & 0x1f
    // The fourth byte of the time stamp is its highest.
    this.#timestampMs = (((h[7] ?? 0) << 24) | (uint32(h, 3) & 0xff_ffff)) >>> 0
    if (((h[0] ?? 0) & 0xe0) !== 0) throw new MediaError('flv-bad-tag', 'an encrypted or malformed tag')
    if (size > this.#maxTagBytes) {
      throw new MediaError('flv-tag-too-large', `a tag of ${size} bytes, ${this.#maxTagBytes} are allowed`)
    }
    this.#lastTagBytes = TAG_HEADER_BYTES + size
    if (size === 0) this.#finishTag(new Uint8Array(0))
    else this.#expect('tag-data', size)
  }

  #finishTag(data: Uint8Array): void {
    this.#expect('previous-size', PREVIOUS_SIZE_BYTES)
    this.#onTag({ type: this.#type, timestampMs: this.#timestampMs, data })
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  )
}
