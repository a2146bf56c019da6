/** Addresses of the Internet (RFC 791, RFC 4291) and ranges of them (RFC 4632). IPv4 counts as its mapped IPv6 address. */

/** 16 bytes. */
export type Address = Uint8Array

export interface AddressRange {
  address: Address
  /** How many of its leading bits are the range's. */
  bits: number
}

const IPV4_BITS = 96
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/

/** Reads an address; null for what is none. */
export function parseAddress(text: string): Address | null {
  const v4 = IPV4.exec(text)
  if (v4) {
    const bytes = v4.slice(1).map(Number)
    return bytes.every((byte) => byte < 256) ? Uint8Array.from([...mappedPrefix, ...bytes]) : null
  }
  return text.includes(':') ? parseIpv6(text) : null
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

function parseIpv6(text: string): Address | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map(groupsOf)
  if (!head || (halves.length === 2 && !tail)) return null
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))
}

/** The 16-bit groups of one side of the `::`; the last may be an IPv4 address, which is two. */
function groupsOf(text: string): number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 && part.includes('.') ? parseAddress(part) : null
    if (v4) {
      const [a = 0, b = 0, c = 0, d = 0] = v4.subarray(12)
      groups.push(a * 256 + b, c * 256 + d)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return null
  }
  return groups
}

/** Reads an address or a range (`10.0.0.0/8`, `fd00::/8`); null for what is none. */
export function parseRange(text: string): AddressRange | null {
  const [, base = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = parseAddress(base)
  if (!address) return null
  const offset = base.includes(':') ? 0 : IPV4_BITS
  const bits = length === undefined ? 128 : Number(length) + offset
  return bits <= 128 ? { address, bits } : null
}

/** True for an address of one of the ranges. */
export function isWithin(address: Address, ranges: readonly AddressRange[]): boolean {
  return ranges.some((range) => sameBits(address, range.address, range.bits))
}

function sameBits(a: Address, b: Address, bits: number): boolean {
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false
  const rest = bits & 7
  return rest === 0 || ((a[whole] ?? 0) ^ (b[whole] ?? 0)) >> (8 - rest) === 0
}
