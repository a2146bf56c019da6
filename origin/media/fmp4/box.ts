/** Small helpers that write ISO base media file format boxes (ISO/IEC 14496-12). For headers: parts are written in place. */

/** A box: size, four-character type, contents. */
export function box(type: string, ...contents: (Uint8Array | readonly number[])[]): Uint8Array {
  const size = contents.reduce((sum, content) => sum + content.length, 8)
  const out = new Uint8Array(size)
  out.set(uint32(size))
  out.set(ascii(type), 4)
  let at = 8
  for (const content of contents) {
    out.set(content, at)
    at += content.length
  }
  return out
}

/** A box with version and flags. */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...contents: (Uint8Array | readonly number[])[]
): Uint8Array {
  return box(type, [version, (flags >> 16) & 0xff, (flags >> 8) & 0xff, flags & 0xff], ...contents)
}

export function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0))
}

export function uint16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff]
}

export function uint32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}

export function zeros(count: number): number[] {
  return new Array<number>(count).fill(0)
}
