import { t } from '#lib/i18n/t.ts'

const words: Record<string, () => string> = {
  'key-frames-far-apart': () => t('warning.key-frames-far-apart'),
  'no-audio': () => t('warning.no-audio'),
  'no-video': () => t('warning.no-video'),
  'ladder-off-machine': () => t('warning.ladder-off-machine'),
  'ladder-restarted': () => t('warning.ladder-restarted'),
  'ladder-behind': () => t('warning.ladder-behind'),
  'recording-incomplete': () => t('warning.recording-incomplete'),
}

/** What a warning of a stream's health means, and what to do. A code without words is shown as it is. */
export function warningWords(code: string): string {
  return words[code]?.() ?? t('warning.other', { code })
}
