import type { FlvTag } from '../../origin/media/flv/reader.ts'

/**
 * Send times inside of the media: each video frame gets an SEI message (user_data_unregistered, ITU-T H.264 D.2.7), each
 * audio frame a data stream element (ISO/IEC 14496-3 4.4.2.1), so that whoever reads a part knows when its last frame
 * was sent. Decoders skip both.
 */
const MARK = Buffer.from('streamtube sent:')
/** Microseconds since the Unix epoch in decimal digits, which need no emulation prevention. */
const TIME_BYTES = 16
const PAYLOAD_BYTES = MARK.length + TIME_BYTES

const SEI_HEAD = Buffer.from([6, 5, PAYLOAD_BYTES])
const SEI_END = 0x80
const SEI_BYTES = SEI_HEAD.length + PAYLOAD_BYTES + 1
/** Data stream element 0, whose bytes are aligned. */
const DSE_HEAD = Buffer.from([0x81, PAYLOAD_BYTES])

const VIDEO_HEADER_BYTES = 5
const AUDIO_HEADER_BYTES = 2

/** A copy of an FLV tag with room for its send time, and where in it that goes; as it is for tags without a frame. */
export function withRoomForStamp(tag: FlvTag): { tag: FlvTag; stampAt: number | null } {
  if (tag.data[1] !== 1) return { tag, stampAt: null }
  if (tag.type === 9) {
    const nal = Buffer.alloc(4 + SEI_BYTES, SEI_END)
    nal.writeUInt32BE(SEI_BYTES)
    SEI_HEAD.copy(nal, 4)
    MARK.copy(nal, 4 + SEI_HEAD.length)
    return inserted(tag, VIDEO_HEADER_BYTES, nal, 4 + SEI_HEAD.length + MARK.length)
  }
  if (tag.type !== 8) return { tag, stampAt: null }
  const element = Buffer.concat([DSE_HEAD, MARK, Buffer.alloc(TIME_BYTES)])
  return inserted(tag, AUDIO_HEADER_BYTES, element, DSE_HEAD.length + MARK.length)
}

function inserted(tag: FlvTag, at: number, bytes: Buffer, stampAt: number) {
  const data = Buffer.concat([tag.data.subarray(0, at), bytes, tag.data.subarray(at)])
  return { tag: { ...tag, data }, stampAt: at + stampAt }
}

/** Milliseconds since the Unix epoch with decimals, from the clock that neither jumps nor stands. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now()
}

/** Writes a time into the room that was made for it. */
export function writeStamp(bytes: Buffer, at: number, timeMs: number): void {
  bytes.write(String(Math.round(timeMs * 1000)).padStart(TIME_BYTES, '0'), at, 'latin1')
}

/** When the last frame in these bytes was sent, in milliseconds since the Unix epoch; null where none has a stamp. */
export function lastStampMs(bytes: Buffer): number | null {
  const at = bytes.lastIndexOf(MARK)
  if (at < 0) return null
  const digits = bytes.toString('latin1', at + MARK.length, at + PAYLOAD_BYTES)
  return /^\d{16}$/.test(digits) ? Number(digits) / 1000 : null
}
