import { locale } from '#lib/i18n/t.ts'

/** A bit rate as people write it: `2.6 Mb/s`, `128 kb/s`. */
export function bitrate(bps: number): string {
  const [value, unit] = bps >= 1_000_000 ? [bps / 1_000_000, 'Mb/s'] : [bps / 1_000, 'kb/s']
  const digits = unit === 'Mb/s' && value < 10 ? 1 : 0
  return `${number(value, digits, digits)}\u00a0${unit}`
}

/** Frames a second, whole or as broadcasters write it: `30`, `29.97`. */
export function frameRate(fps: number): string {
  const whole = Math.round(fps)
  return Math.abs(fps - whole) < 0.015 ? number(whole, 0, 0) : number(fps, 0, 2)
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
