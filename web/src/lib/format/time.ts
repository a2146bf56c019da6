import { locale } from '#lib/i18n/t.ts'

/** `0:07`, `12:34`, `1:02:03`: a length as players show it. Anything that isn't a finite length is `0:00`. */
export function clock(durationMs: number): string {
  const total = Number.isFinite(durationMs) ? Math.max(0, Math.floor(durationMs / 1000)) : 0
  const seconds = String(total % 60).padStart(2, '0')
  const minutes = Math.floor(total / 60) % 60
  const hours = Math.floor(total / 3600)
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/**
 * How long ago something was, in words ("5 minutes ago"). Under a minute, and in the future (clocks differ), "now".
 * @param at ISO 8601
 */
export function ago(at: string, nowMs: number): string {
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const seconds = (nowMs - Date.parse(at)) / 1000
  for (const [unit, size] of units) {
    if (seconds >= size) return words.format(-Math.floor(seconds / size), unit)
  }
  return words.format(0, 'second')
}

/** A date and time in full, in the reader's time zone, for titles and machine-read labels. */
export function fullDate(at: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(at))
}
