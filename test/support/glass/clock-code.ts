/** Milliseconds since the Unix epoch fit into 42 bits until the year 2109. */
const TIME_BITS = 42
/** The number of ones among them, so that a picture that is half this frame and half the next is not believed. */
const CHECK_BITS = 6

/** Squares of the code, left to right: the time's bits, then the check's, each most significant first. */
export const CODE_BITS = TIME_BITS + CHECK_BITS

/** The squares for a time: true is white. */
export function encodeTime(timeMs: number): boolean[] {
  const time = bitsOf(Math.round(timeMs), TIME_BITS)
  return [...time, ...bitsOf(time.filter(Boolean).length, CHECK_BITS)]
}

/** The time in such squares, in milliseconds; null when they don't agree with their check. */
export function decodeTime(bits: readonly boolean[]): number | null {
  if (bits.length !== CODE_BITS) return null
  const time = bits.slice(0, TIME_BITS)
  const check = numberOf(bits.slice(TIME_BITS))
  return check === time.filter(Boolean).length ? numberOf(time) : null
}

function bitsOf(value: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** (count - 1 - i)) % 2 === 1)
}

function numberOf(bits: readonly boolean[]): number {
  return bits.reduce((value, bit) => value * 2 + Number(bit), 0)
}
