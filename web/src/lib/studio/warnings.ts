import { t } from '#lib/i18n/t.ts'

const words: Record<string, (detail: string) => string> = {
  'key-frames-far-apart': () => t('warning.key-frames-far-apart'),
  'key-frames-very-far-apart': () => t('warning.key-frames-very-far-apart'),
  'bitrate-unstable': () => t('warning.bitrate-unstable'),
  'clock-unsteady': () => t('warning.clock-unsteady'),
  'no-audio': () => t('warning.no-audio'),
  'no-video': () => t('warning.no-video'),
  'ladder-off-machine': () => t('warning.ladder-off-machine'),
  'ladder-no-room': () => t('warning.ladder-no-room'),
  'rung-dropped': (detail) => t('warning.rung-dropped', { detail }),
  'source-only': () => t('warning.source-only'),
  'encoder-fell-back': () => t('warning.encoder-fell-back'),
  'ladder-restarted': () => t('warning.ladder-restarted'),
  'ladder-behind': () => t('warning.ladder-behind'),
  'recording-incomplete': () => t('warning.recording-incomplete'),
  'store-behind': () => t('warning.store-behind'),
  'disk-full': () => t('warning.disk-full'),
  'unsupported-codec': (detail) => t('warning.unsupported-codec', { detail }),
  'spool-failing': () => t('warning.spool-failing'),
}

/**
 * What a warning of a stream's health means, and what to do. A code may have a detail behind a colon
 * ("rung-dropped:720p30"). A code without words is shown as it is.
 */
export function warningWords(warning: string): string {
  const [code = '', detail = ''] = warning.split(':')
  return words[code]?.(detail) ?? t('warning.other', { code: warning })
}
