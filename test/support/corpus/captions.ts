/** CEA-608 captions as encoders put them into H.264: an SEI of user data with one pair of bytes a frame (ATSC A/53). */

const RESUME_LOADING = [0x14, 0x20]
const ERASE_HIDDEN = [0x14, 0x2e]
const ROW_15 = [0x14, 0x70]
const SHOW = [0x14, 0x2f]
const ERASE_SHOWN = [0x14, 0x2c]
/** How long the text stays, in frames. */
const SHOWN_FRAMES = 12
const NOTHING = [0, 0]
/** Control codes are sent twice. */
const twice = (pair: number[]) => [pair, pair]

/** What each frame carries so that the text is shown again and again, once in `frames`. */
export function captionPair(text: string, frame: number, frames: number): number[] {
  const letters = Array.from({ length: Math.ceil(text.length / 2) }, (_, i) => [
    text.charCodeAt(2 * i),
    2 * i + 1 < text.length ? text.charCodeAt(2 * i + 1) : 0,
  ])
  const commands = [
    ...twice(RESUME_LOADING),
    ...twice(ERASE_HIDDEN),
    ...twice(ROW_15),
    ...letters,
    ...twice(SHOW),
  ]
  const erase = commands.length + SHOWN_FRAMES
  const at = frame % frames
  return at === erase || at === erase + 1 ? ERASE_SHOWN : (commands[at] ?? NOTHING)
}

/** The SEI NAL unit with this pair on channel 1 of field 1. */
export function captionSei(pair: readonly number[]): Uint8Array {
  const [first = 0, second = 0] = pair.map(withOddParity)
  const data = [0xc0 | 1, 0xff, 0xfc, first, second, 0xff]
  const payload = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, ...data]
  return Uint8Array.of(6, 4, payload.length, ...payload, 0x80)
}

function withOddParity(value: number): number {
  const ones = value.toString(2).replaceAll('0', '').length
  return ones % 2 === 0 ? value | 0x80 : value
}
