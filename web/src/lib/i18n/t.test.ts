import { describe, expect, it } from 'vitest'
import { t } from './t.ts'

describe('messages', () => {
  it('take their values as text', () => {
    expect(t('channel.at', { handle: 'ada' })).toBe('@ada')
    expect(t('watch.page-title', { title: '<script> {rate} $&' })).toBe('<script> {rate} $& · StreamTube')
  })
})
