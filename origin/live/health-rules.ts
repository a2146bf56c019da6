/** What one second of a stream was, for the rules that look back. */
export interface HealthSecond {
  videoBytes: number
  /** How far the picture's clock was ahead of real time at most, from any origin; null where no picture came. */
  leadMs: number | null
}

/** How far back the rules look. */
export const RULES_WINDOW_SECONDS = 30

/** At 4 s a segment has to be cut without a key frame (MEDIA.md 6). */
const FAR_APART_MS = 4_000
/** Of two segments one has no key frame then, and joining takes as long. Encoders' automatic intervals are like that. */
const VERY_FAR_APART_MS = 8_000
/** Sums over so long hardly depend on where key frames fall. */
const STRIDE_SECONDS = 5
/** Standard deviation in means: half of the time three times as much as in the other half. */
const UNSTABLE_DEVIATION = 0.5
/** 2 % of the window: a clock of quartz is off by a hundredth of that. */
const UNSTEADY_MS = 0.02 * RULES_WINDOW_SECONDS * 1000

export type KeyFrameWarning = 'key-frames-far-apart' | 'key-frames-very-far-apart'

/** Judges the distance of key frames, or the time for which one has been waited. */
export function keyFrameWarning(intervalMs: number): KeyFrameWarning | null {
  if (intervalMs > VERY_FAR_APART_MS) return 'key-frames-very-far-apart'
  return intervalMs > FAR_APART_MS ? 'key-frames-far-apart' : null
}

/**
 * Whether the video's bit rate goes up and down over the whole window, so that viewers' players can't settle.
 * @param seconds oldest first; false until they fill the window
 */
export function isBitrateUnstable(seconds: readonly HealthSecond[]): boolean {
  const strides = stridesOf(seconds).map((stride) =>
    stride.reduce((sum, second) => sum + second.videoBytes, 0),
  )
  const mean = strides.reduce((sum, bytes) => sum + bytes, 0) / strides.length
  const variance = strides.reduce((sum, bytes) => sum + (bytes - mean) ** 2, 0) / strides.length
  return mean > 0 && Math.sqrt(variance) > UNSTABLE_DEVIATION * mean
}

/**
 * Whether the picture's clock runs faster or slower than real time. A stall that was made up for is none of that: each
 * end of the window counts as its best moment.
 * @param seconds oldest first; false until they fill the window
 */
export function isClockUnsteady(seconds: readonly HealthSecond[]): boolean {
  const strides = stridesOf(seconds)
  const first = bestLeadMs(strides[0])
  const last = bestLeadMs(strides.at(-1))
  return first !== null && last !== null && Math.abs(last - first) > UNSTEADY_MS
}

function stridesOf(seconds: readonly HealthSecond[]): HealthSecond[][] {
  const window = seconds.slice(-RULES_WINDOW_SECONDS)
  if (window.length < RULES_WINDOW_SECONDS) return []
  const strides = []
  for (let from = 0; from < window.length; from += STRIDE_SECONDS) {
    strides.push(window.slice(from, from + STRIDE_SECONDS))
  }
  return strides
}

function bestLeadMs(stride: readonly HealthSecond[] = []): number | null {
  const leads = stride.flatMap(({ leadMs }) => (leadMs === null ? [] : [leadMs]))
  return leads.length > 0 ? Math.max(...leads) : null
}
