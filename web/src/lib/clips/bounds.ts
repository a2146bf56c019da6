/** What is played of a view, in seconds on the element's clock. */
export interface Bounds {
  startS: number
  endS: number
}

/** A frame that was shown, and the one before it. */
export interface ShownFrame {
  atS: number
  beforeS: number | null
}

/** Frames last no longer than this; what is apart further was a seek. */
const LONGEST_FRAME_S = 0.2

/** True when this frame is the last one that begins before the end: what comes next lies behind it. */
export function isLastFrame({ atS, beforeS }: ShownFrame, { endS }: Bounds): boolean {
  const frameS = beforeS === null ? 0 : atS - beforeS
  const lastsS = frameS > 0 && frameS < LONGEST_FRAME_S ? frameS : 0
  // Half a frame of room: clocks are not exact.
  return atS + lastsS >= endS - lastsS / 2
}

/** A place within the bounds. */
export function within({ startS, endS }: Bounds, seconds: number): number {
  return Math.min(Math.max(startS, endS - 0.001), Math.max(startS, seconds))
}
