import type { StreamHealth } from '@streamtube/contracts/api/resources.ts'

export type Tone = 'good' | 'warn' | 'bad' | 'none'

/** A judgement in a kind that has words (`health.<code>`). */
export interface Verdict<Code extends string = string> {
  tone: Tone
  code: Code
}

export type KeyFrameCode = 'key-measuring' | 'key-good' | 'key-long' | 'key-too-long' | 'key-short'

/** Segments are cut at key frames every 2 s; past 4 s they are cut without one, and seeking and joining suffer. */
export function judgeKeyFrames(intervalMs: number | null): Verdict<KeyFrameCode> {
  if (intervalMs === null || intervalMs <= 0) return { tone: 'none', code: 'key-measuring' }
  if (intervalMs > 4_050) return { tone: 'bad', code: 'key-too-long' }
  if (intervalMs > 2_150) return { tone: 'warn', code: 'key-long' }
  if (intervalMs < 450) return { tone: 'warn', code: 'key-short' }
  return { tone: 'good', code: 'key-good' }
}

export type FrameRateCode = 'fps-good' | 'fps-low' | 'fps-none'

/** Below film's 24 frames a second people see single pictures. */
export function judgeFrameRate(fps: number): Verdict<FrameRateCode> {
  if (fps <= 0) return { tone: 'bad', code: 'fps-none' }
  return fps < 23 ? { tone: 'warn', code: 'fps-low' } : { tone: 'good', code: 'fps-good' }
}

export type BitrateCode = 'bitrate-good' | 'bitrate-low' | 'bitrate-high' | 'bitrate-none'

/** Bits a pixel and frame under which H.264 shows blocks, and over which viewers' lines pay for nothing. */
const BITS_PER_PIXEL = { low: 0.035, high: 0.4 }

/** Judges a video's bit rate by its size and frame rate. */
export function judgeBitrate({
  videoBitrateBps,
  width,
  height,
  frameRate,
}: StreamHealth): Verdict<BitrateCode> {
  if (videoBitrateBps <= 0) return { tone: 'bad', code: 'bitrate-none' }
  const pixelsPerSecond = width * height * Math.max(1, frameRate)
  if (pixelsPerSecond === 0) return { tone: 'none', code: 'bitrate-good' }
  const bitsPerPixel = videoBitrateBps / pixelsPerSecond
  if (bitsPerPixel < BITS_PER_PIXEL.low) return { tone: 'warn', code: 'bitrate-low' }
  if (bitsPerPixel > BITS_PER_PIXEL.high) return { tone: 'warn', code: 'bitrate-high' }
  return { tone: 'good', code: 'bitrate-good' }
}

/** These tell how the stream is served; the stream is as good as it can be. */
const notes = new Set(['ladder-off-machine', 'ladder-no-room'])

/** True for a warning that asks nothing of anybody. */
export function isNote(warning: string): boolean {
  return notes.has(warning)
}

/** How the stream is as a whole: as its worst gauge says, and not good while there is a warning. */
export function judgeOverall(
  verdicts: readonly Verdict[],
  warnings: readonly string[],
): 'good' | 'warn' | 'bad' {
  if (verdicts.some(({ tone }) => tone === 'bad')) return 'bad'
  const isWarned = verdicts.some(({ tone }) => tone === 'warn') || !warnings.every(isNote)
  return isWarned ? 'warn' : 'good'
}

const codecNames: [RegExp, string][] = [
  [/^avc[13]/, 'H.264'],
  [/^(hvc|hev)1/, 'H.265'],
  [/^av01/, 'AV1'],
  [/^vp0?9/, 'VP9'],
  [/^mp4a\.40\.(2|02)/, 'AAC'],
  [/^mp4a\.40\.5/, 'HE-AAC'],
  [/^mp4a/, 'AAC'],
  [/^opus/i, 'Opus'],
]

/** A codec string (RFC 6381) as people call it; what isn't known stays as it is. */
export function codecName(codec: string): string {
  return codecNames.find(([pattern]) => pattern.test(codec))?.[1] ?? codec
}

/** Keeps the last `most` values, oldest first. */
export function pushSample(samples: readonly number[], value: number, most: number): number[] {
  return [...samples, value].slice(-most)
}

/**
 * An SVG path through samples, newest at the right edge, its scale beginning at zero.
 * @returns the line, and the same closed down to the bottom for filling; empty for fewer than two samples
 */
export function sparkline(
  samples: readonly number[],
  most: number,
  width: number,
  height: number,
): { line: string; area: string } {
  if (samples.length < 2) return { line: '', area: '' }
  const top = Math.max(...samples) * 1.15 || 1
  const step = width / (most - 1)
  const left = width - (samples.length - 1) * step
  const points = samples.map(
    (value, index) => `${round(left + index * step)} ${round(height - (value / top) * height)}`,
  )
  const line = `M${points.join('L')}`
  return { line, area: `${line}L${round(width)} ${height}L${round(left)} ${height}Z` }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
