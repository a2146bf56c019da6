import type { AudioTrack } from '../types.ts'
import { aacTrack, parseAacConfig } from './config.ts'

type Element = 'single' | 'pair' | 'lfe'

/** Syntactic elements by channelConfiguration, ISO/IEC 14496-3 table 1.19. */
const ELEMENTS: readonly (readonly Element[])[] = [
  [],
  ['single'],
  ['pair'],
  ['single', 'pair'],
  ['single', 'pair', 'single'],
  ['single', 'pair', 'pair'],
  ['single', 'pair', 'pair', 'lfe'],
  ['single', 'pair', 'pair', 'pair', 'lfe'],
]
const ELEMENT_IDS: Record<Element, number> = { single: 0, pair: 1, lfe: 3 }
const END = 7
/** An individual_channel_stream whose max_sfb is 0: gain, window, and no spectrum to follow. */
const CHANNEL_BITS = 8 + 11 + 3

/** The sound of a broadcast whose encoder sends none: AAC-LC, 48 kHz, stereo. */
export const SILENT_TRACK: AudioTrack = aacTrack(Uint8Array.of(0x11, 0x90))

/**
 * One frame of silence for a track (raw_data_block, ISO/IEC 14496-3 4.4.2.1), or null for channel layouts that a program
 * config element describes.
 */
export function silentFrame(track: AudioTrack): Uint8Array | null {
  const elements = ELEMENTS[parseAacConfig(track.config).channelConfiguration] ?? []
  if (elements.length === 0) return null
  const bits = new BitWriter()
  const tags: Record<Element, number> = { single: 0, pair: 0, lfe: 0 }
  for (const element of elements) {
    bits.write(ELEMENT_IDS[element], 3)
    bits.write(tags[element]++, 4)
    if (element === 'pair') bits.write(0, 1) // common_window
    for (let channel = 0; channel < (element === 'pair' ? 2 : 1); channel++) bits.write(0, CHANNEL_BITS)
  }
  bits.write(END, 3)
  return bits.bytes()
}

class BitWriter {
  readonly #bytes: number[] = []
  #count = 0

  write(value: number, bits: number): void {
    for (let bit = bits - 1; bit >= 0; bit--) {
      const at = this.#count >> 3
      this.#bytes[at] = (this.#bytes[at] ?? 0) | (((value >> bit) & 1) << (7 - (this.#count & 7)))
      this.#count++
    }
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
