/** A hue (degrees) that belongs to a handle, so that a channel always has the same colour. */
export function avatarHue(handle: string): number {
  let hash = 0
  for (const char of handle) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 9973
  return (hash * 47) % 360
}

/** The first letter of a name as people see it: a whole grapheme, upper case. */
export function initial(name: string): string {
  const first = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
    .segment(name.trim())
    [Symbol.iterator]()
    .next()
  return first.done ? '?' : first.value.segment.toLocaleUpperCase()
}
