import { expect, test } from 'vitest'
import { pictureAt } from './sheets.ts'

const MINUTE = 60_000
const storyboard = {
  timelineId: '01kb0000000000000000000000',
  columns: 4,
  rows: 3,
  intervalMs: 5_000,
  untilMs: 12 * MINUTE,
}
const at = (programMs: number) => pictureAt(storyboard, '/p/token/vod/01kb1/master.m3u8', programMs)

test('a minute has a sheet, five seconds a picture, row by row', () => {
  const url = '/p/token/vod/01kb1/../../m/01kb0000000000000000000000/storyboard/10.jpg'
  expect(at(10 * MINUTE)).toEqual({ url, column: 0, row: 0 })
  expect(at(10 * MINUTE + 4_999)).toEqual({ url, column: 0, row: 0 })
  expect(at(10 * MINUTE + 19_000)).toEqual({ url, column: 3, row: 0 })
  expect(at(10 * MINUTE + 20_000)).toEqual({ url, column: 0, row: 1 })
  expect(at(10 * MINUTE + 59_999)).toEqual({ url, column: 3, row: 2 })
})

test('there is none yet of what has just been', () => {
  expect(at(11 * MINUTE + 59_999)).not.toBeNull()
  expect(at(12 * MINUTE)).toBeNull()
  expect(at(-1)).toBeNull()
})
