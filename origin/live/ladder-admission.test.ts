import { expect, test } from 'vitest'
import { nvencRow, x264Row } from '../media/encoders.ts'
import { chooseRungs } from '../media/ladder.ts'
import { LadderAdmission, type LadderLoad, type LadderSeat } from './ladder-admission.ts'

const source = { width: 1280, height: 720, frameRate: 30 }
const load: LadderLoad = { source, rungs: chooseRungs(source), row: x264Row }
/** Of this load: 25.1 units of work at 0.035 cores. */
const ESTIMATE = 0.88

function admission(cores: number, busyCores: number | null = null) {
  let nowMs = 0
  const made = new LadderAdmission({ cores, busyCores }, () => nowMs)
  const seat = (): LadderSeat => {
    const given = made.enter('auto', load)
    if (typeof given === 'string') throw new Error(given)
    return given
  }
  return { made, seat, pass: (ms: number) => (nowMs += ms) }
}

test('streams share the machine, and who leaves makes room', () => {
  const { made, seat } = admission(4)
  const seats = [seat(), seat(), seat()]
  expect(made.enter('auto', load)).toBe('ladder-no-room')
  seats[0]?.leave()
  expect(typeof made.enter('auto', load)).toBe('object')
})

test('what ladders are measured to take counts, and teaches what the next will take', () => {
  const { made, seat } = admission(8)
  const first = seat()
  for (let times = 0; times < 60; times++) first.took(3 * ESTIMATE)
  // 7 cores beside the reserve: one takes 2.64 now, and so would each that follows.
  seat()
  expect(made.enter('auto', load)).toBe('ladder-no-room')
})

test('easy pictures make room for more, but not without end', () => {
  const { made, seat } = admission(4)
  const first = seat()
  for (let times = 0; times < 60; times++) first.took(0.01)
  for (let others = 0; others < 10; others++) seat()
  expect(made.enter('auto', load)).toBe('ladder-no-room')
})

test('a ladder below real time lets nobody in for a minute, and teaches nothing', () => {
  const { made, seat, pass } = admission(16)
  const first = seat()
  first.isShort()
  first.took(0.1)
  expect([made.enter('auto', load), made.enter('on', load)]).toEqual(['ladder-no-room', 'ladder-no-room'])
  pass(60_000)
  expect(typeof made.enter('on', load)).toBe('object')
})

test('on the card it costs the processor next to nothing', () => {
  const { made } = admission(4, 2.8)
  expect(made.enter('auto', load)).toBe('ladder-no-room')
  expect(typeof made.enter('auto', { ...load, row: nvencRow })).toBe('object')
})

test('a ladder asks for what it would take more than now', () => {
  const { seat, made } = admission(4, 2.2)
  const given = made.enter('on', { ...load, rungs: load.rungs.slice(2) })
  if (typeof given === 'string') throw new Error(given)
  given.took(0.2)
  expect(given.hasRoomFor(load)).toBe(true)
  given.makes(load)
  expect(seat).toThrow('ladder-no-room')
})
