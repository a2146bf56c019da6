import { expect, it } from 'vitest'
import { warningWords } from './warnings.ts'

it('words a warning, with its detail', () => {
  expect(warningWords('no-audio')).toContain('no sound')
  expect(warningWords('rung-dropped:720p30')).toContain('720p30')
})

it('shows a code that it has no words for as it is', () => {
  expect(warningWords('from-a-newer-server:7')).toContain('from-a-newer-server:7')
})
