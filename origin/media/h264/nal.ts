import { MediaError } from '../errors.ts'

/** NAL unit types, ITU-T H.264 table 7-1. */
export const NAL_IDR = 5
export const NAL_SEI = 6
export const NAL_SPS = 7
export const NAL_PPS = 8

/**
 * Walks over the length-prefixed NAL units of one access unit. `visit` gets the type and where the unit lies (its header
 * byte at `start`); returning false ends the walk.
 * @throws MediaError ("avc-bad-nal") when the lengths don't add up
 */
export function forEachNal(
  data: Uint8Array,
  lengthSize: number,
  visit: (type: number, start: number, end: number) => boolean,
): void {
  let at = 0
  while (at < data.length) {
    if (at + lengthSize > data.length) throw new MediaError('avc-bad-nal', 'a NAL unit without its length')
    let length = 0
    for (let i = 0; i < lengthSize; i++) length = length * 256 + (data[at + i] ?? 0)
    const start = at + lengthSize
    const end = start + length
    if (end > data.length) throw new MediaError('avc-bad-nal', 'a NAL unit that is longer than its sample')
    if (length > 0 && !visit((data[start] ?? 0) & 0x1f, start, end)) return
    at = end
  }
}

/** What one access unit holds, as far as packaging cares. */
export interface AccessUnit {
  /** It has an IDR slice: decoding can begin here (MEDIA.md 2: judged by NAL type, not by the container's flag). */
  key: boolean
  /** It has a coded slice at all. */
  picture: boolean
  /** Parameter sets that came in band, or null where there were none. */
  sps: Uint8Array[] | null
  pps: Uint8Array[] | null
  captions: boolean
}

/**
 * Looks into an access unit. Stops at its first slice: parameter sets and SEI stand before it.
 * @throws MediaError ("avc-bad-nal")
 */
export function inspectAccessUnit(data: Uint8Array, lengthSize: number): AccessUnit {
  const unit: AccessUnit = { key: false, picture: false, sps: null, pps: null, captions: false }
  forEachNal(data, lengthSize, (type, start, end) => {
    if (type >= 1 && type <= NAL_IDR) {
      unit.picture = true
      unit.key = type === NAL_IDR
      return false
    }
    if (type === NAL_SPS) unit.sps = append(unit.sps, data.subarray(start, end))
    else if (type === NAL_PPS) unit.pps = append(unit.pps, data.subarray(start, end))
    else if (type === NAL_SEI) unit.captions ||= hasCaptions(data, start + 1, end)
    return true
  })
  return unit
}

function append(list: Uint8Array[] | null, nal: Uint8Array): Uint8Array[] {
  if (!list) return [nal]
  list.push(nal)
  return list
}

const SEI_USER_DATA_REGISTERED = 4
/** itu_t_t35 country code of the USA, ATSC's provider code, "GA94", type cc_data (ATSC A/72 6.4.2). */
const CAPTION_MARK = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03]

/** True when the SEI's payloads have CEA-608/708 captions. */
function hasCaptions(data: Uint8Array, start: number, end: number): boolean {
  let at = start
  while (at + 2 < end) {
    let type = 0
    let size = 0
    while (at < end && data[at] === 0xff) {
      type += 255
      at++
    }
    type += data[at++] ?? 0
    while (at < end && data[at] === 0xff) {
      size += 255
      at++
    }
    size += data[at++] ?? 0
    const payload = at
    if (type === SEI_USER_DATA_REGISTERED && CAPTION_MARK.every((byte, i) => data[payload + i] === byte))
      return true
    at += size
  }
  return false
}
