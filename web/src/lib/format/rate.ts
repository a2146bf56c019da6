import { locale } from '#lib/i18n/t.ts'

/** A bit rate as people write it: `2.6 Mb/s`, `128 kb/s`. */
export function bitrate(bps: number): string {
  const [value, unit] = bps >= 1_000_000 ? [bps / 1_000_000, 'Mb/s'] : [bps / 1_000, 'kb/s']
  const digits = unit === 'Mb/s' && value < 10 ? 1 : 0
  return `${number(value, digits, digits)}\u00a0${unit}`
}

const USUAL_FRAME_RATES = [24, 25, 30, 50, 60]
/** Frames counted by the clock on the wall come a few more or fewer in any few seconds. */
const COUNTING_ERROR = 0.03

/** Measured frames a second: the usual rate they amount to, or what was counted: `30`, `12.4`. */
export function frameRate(fps: number): string {
  const near = USUAL_FRAME_RATES.toSorted((a, b) => Math.abs(a - fps) - Math.abs(b - fps))[0] ?? fps
  return Math.abs(near - fps) < near * COUNTING_ERROR ? number(near, 0, 0) : number(fps, 0, 1)
}

/** Seconds with one digit: `2.0 s`. */
export function seconds(ms: number): string {
  return `${number(ms / 1000, 1, 1)}\u00a0s`
}

function number(value: number, least: number, most: number): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: least, maximumFractionDigits: most }).format(
    value,
  )
}
