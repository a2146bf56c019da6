import { z } from 'zod'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const ID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** A lower-case ULID (26 characters): 48 bits of milliseconds, 80 random bits. Sorts by time; safe in URLs, paths and labels. */
export const idSchema = z.string().regex(ID, 'must be an id of 26 characters')

/**
 * Makes an id.
 * @param nowMs milliseconds since the Unix epoch
 * @param random 10 random bytes
 */
export function makeId(nowMs: number, random: Uint8Array): string {
  let id = ''
  let time = Math.floor(nowMs)
  for (let i = 0; i < 10; i++) {
    id = ALPHABET[time % 32] + id
    time = Math.floor(time / 32)
  }
  let bits = 0
  let value = 0
  for (const byte of random.subarray(0, 10)) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      id += ALPHABET[(value >>> bits) & 31]
    }
    value &= (1 << bits) - 1
  }
  return id
}

/** Makes an id from the clock and the runtime's secure random source. */
export function newId(): string {
  return makeId(Date.now(), crypto.getRandomValues(new Uint8Array(10)))
}

/** When an id was made, in milliseconds since the Unix epoch. @param id a well-formed one */
export function timeOfId(id: string): number {
  let time = 0
  for (const letter of id.slice(0, 10)) time = time * 32 + ALPHABET.indexOf(letter)
  return time
}

/** True for a well-formed id; never throws. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value)
}
