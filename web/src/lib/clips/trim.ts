/** The two handles, in milliseconds from the take's start. */
export interface Trim {
  startMs: number
  endMs: number
}

export interface TrimLimits {
  /** Of the take. */
  lengthMs: number
  leastMs: number
  mostMs: number
}

export type Handle = 'start' | 'end'

/** Moves a handle; the other one stays, so that the range keeps to its limits. */
export function moveHandle(trim: Trim, handle: Handle, toMs: number, limits: TrimLimits): Trim {
  const to = Math.round(toMs)
  if (handle === 'start') {
    const [least, most] = startLimits(trim, limits)
    return { ...trim, startMs: Math.min(most, Math.max(least, to)) }
  }
  const [least, most] = endLimits(trim, limits)
  return { ...trim, endMs: Math.min(most, Math.max(least, to)) }
}

/** Between which places the start may be. */
export function startLimits({ endMs }: Trim, { leastMs, mostMs }: TrimLimits): [number, number] {
  return [Math.max(0, endMs - mostMs), Math.max(0, endMs - leastMs)]
}

/** Between which places the end may be. */
export function endLimits({ startMs }: Trim, { lengthMs, leastMs, mostMs }: TrimLimits): [number, number] {
  return [Math.min(lengthMs, startMs + leastMs), Math.min(lengthMs, startMs + mostMs)]
}

const STEP_MS = 100
const LEAP_MS = 1_000

/** What a key does to a handle: arrows by a tenth of a second, with shift or by page a second. Null: none of ours. */
export function steppedBy(
  { key, shiftKey }: { key: string; shiftKey: boolean },
  atMs: number,
  lengthMs: number,
): number | null {
  const step = shiftKey ? LEAP_MS : STEP_MS
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return atMs + step
    case 'ArrowLeft':
    case 'ArrowDown':
      return atMs - step
    case 'PageUp':
      return atMs + LEAP_MS
    case 'PageDown':
      return atMs - LEAP_MS
    case 'Home':
      return 0
    case 'End':
      return lengthMs
    default:
      return null
  }
}
