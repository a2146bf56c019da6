import { expect, test } from 'vitest'
import { nvdecRow, nvencRow, x264Row } from '../media/encoders.ts'
import { chooseRungs } from '../media/ladder.ts'
import { hasRoom, judgeLadder, ladderWork, type Room, type RunningLadder } from './ladder-room.ts'

const NOW_MS = 1_000_000
const ladder = (cores: number, more: Partial<RunningLadder> = {}): RunningLadder => ({
  cores,
  measured: true,
  shortAtMs: null,
  ...more,
})
const room = (cores: number, busyCores: number | null = 0, ladders: RunningLadder[] = []): Room => ({
  cores,
  busyCores,
  ladders,
})
const short = ladder(1, { shortAtMs: NOW_MS - 59_000 })
const fresh = ladder(2, { measured: false })

test.each<[string, 'auto' | 'on', number, Room, string | null]>([
  ['four idle cores', 'auto', 2, room(4), null],
  ['just what is left beside the reserve', 'auto', 3, room(4), null],
  ['a machine too small for this ladder', 'auto', 3.1, room(4), 'ladder-off-machine'],
  ['three cores', 'auto', 0.1, room(3), 'ladder-off-machine'],
  ['cores that something else takes', 'auto', 2, room(4, 1.1), 'ladder-no-room'],
  ['cores that something else leaves', 'auto', 2, room(4, 1), null],
  ['ladders that take what there is', 'auto', 2, room(8, null, [ladder(3), ladder(2.1)]), 'ladder-no-room'],
  ['ladders that leave enough', 'auto', 2, room(8, null, [ladder(3), ladder(2)]), null],
  ['one let in just now, not seen in the load', 'auto', 2, room(8, 3.5, [fresh]), 'ladder-no-room'],
  ['the same once it is seen', 'auto', 2, room(8, 3.5, [ladder(2)]), null],
  ['another that was below real time', 'auto', 0.1, room(64, 2, [short]), 'ladder-no-room'],
  ['insisting on two cores', 'on', 5, room(2, 2), null],
  ['insisting beside one below real time', 'on', 0.1, room(64, 2, [short]), 'ladder-no-room'],
  ['insisting a minute after that', 'on', 0.1, room(2, 2, [ladder(1, { shortAtMs: NOW_MS - 60_000 })]), null],
])('%s (%s, %f cores)', (_, mode, neededCores, machine, verdict) => {
  expect(judgeLadder(mode, neededCores, machine, NOW_MS)).toBe(verdict)
})

test('one more rung needs free cores and nobody below real time', () => {
  expect(hasRoom(1, room(4, 2), NOW_MS)).toBe(true)
  expect(hasRoom(1.1, room(4, 2), NOW_MS)).toBe(false)
  expect(hasRoom(1, room(64, 2, [short]), NOW_MS)).toBe(false)
})

test('work is what the processor encodes and decodes itself', () => {
  const source = { width: 1280, height: 720, frameRate: 30 }
  const rungs = chooseRungs(source)
  expect(ladderWork(source, rungs, x264Row)).toBeCloseTo(25.1, 0)
  expect(ladderWork(source, rungs, nvdecRow)).toBeCloseTo(22.3, 0)
  expect(ladderWork(source, rungs, nvencRow)).toBe(0)
  expect(ladderWork({ ...source, frameRate: null }, rungs, x264Row)).toBe(ladderWork(source, rungs, x264Row))
})
