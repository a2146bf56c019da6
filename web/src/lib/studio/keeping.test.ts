import { expect, it } from 'vitest'
import { lengthOf, withOwn } from './keeping.ts'

it.each([
  [45, { unit: 'seconds', count: 45 }],
  [90, { unit: 'seconds', count: 90 }],
  [60, { unit: 'minutes', count: 1 }],
  [1800, { unit: 'minutes', count: 30 }],
  [7200, { unit: 'hours', count: 2 }],
  [86_400 * 30, { unit: 'days', count: 30 }],
  [0, { unit: 'seconds', count: 0 }],
])('%i s is said as %j', (seconds, length) => {
  expect(lengthOf(seconds)).toEqual(length)
})

it('a value that was set elsewhere can be chosen too', () => {
  expect(withOwn([0, 60, 300], 90)).toEqual([0, 60, 90, 300])
  expect(withOwn([0, 60, 300], 60)).toEqual([0, 60, 300])
})
