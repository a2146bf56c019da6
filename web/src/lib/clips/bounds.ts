/** What is played of a view, in seconds on the element's clock. */
export interface Bounds {
  startS: number
  endS: number
}

/** Places of frames are not exact to the last digit, and those of clips are whole milliseconds. */
export const ROUNDING_S = 0.001
/** Frames last no longer than this; what is apart further was a seek. */
const LONGEST_FRAME_S = 0.2

/** How long a frame lasts, by two that were shown one after the other: the shortest yet, since some are never shown. */
export function shortestFrame(knownS: number, beforeS: number | null, atS: number): number {
  const apartS = beforeS === null ? 0 : atS - beforeS
  return apartS > 0 && apartS < LONGEST_FRAME_S ? Math.min(knownS, apartS) : knownS
}

/** True for the last frame that begins before the end. @param frameS how long one lasts; infinite while unknown */
export function isLastFrame(atS: number, frameS: number, { endS }: Bounds): boolean {
  const nextS = Number.isFinite(frameS) ? atS + frameS : atS
  return nextS >= endS - ROUNDING_S
}

/** A place within the bounds: on the frame that is shown at the start, to the one that is shown just before the end. */
export function within({ startS, endS }: Bounds, seconds: number): number {
  const first = startS + ROUNDING_S
  return Math.max(first, Math.min(endS - 2 * ROUNDING_S, seconds))
}
