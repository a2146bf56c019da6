import { MediaError, type MediaErrorCode } from '../errors.ts'

/** Reads bits, most significant first, and Exp-Golomb codes (ITU-T H.264 9.1). Running out of bits is a MediaError. */
export class BitReader {
  readonly #bytes: Uint8Array
  readonly #code: MediaErrorCode
  #bit = 0

  constructor(bytes: Uint8Array, code: MediaErrorCode) {
    this.#bytes = bytes
    this.#code = code
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#bit
  }

  bit(): number {
    const byte = this.#bytes[this.#bit >> 3]
    if (byte === undefined) throw new MediaError(this.#code, 'the data ends too early')
    const value = (byte >> (7 - (this.#bit & 7))) & 1
    this.#bit++
    return value
  }

  flag(): boolean {
    return this.bit() === 1
  }

  /** Up to 32 bits, unsigned. */
  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  skip(count: number): void {
    if (count > this.bitsLeft) throw new MediaError(this.#code, 'the data ends too early')
    this.#bit += count
  }

  /** ue(v) */
  unsignedGolomb(): number {
    let zeros = 0
    while (this.bit() === 0) {
      zeros++
      if (zeros > 31) throw new MediaError(this.#code, 'a number that is too large')
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** se(v) */
  signedGolomb(): number {
    const code = this.unsignedGolomb()
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2
  }
}
