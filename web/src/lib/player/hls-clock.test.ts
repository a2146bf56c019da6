import { expect, it } from 'vitest'
import { HlsClock, type ListedMedia } from './hls-clock.ts'

const part = (end: number, gap = false) => ({ end, gap, relurl: `part-${end}` })
const segment = (end: number, gap = false) => ({ end, gap, relurl: `segment-${end}` })
const playlist = (more: Partial<ListedMedia>): ListedMedia => ({
  live: true,
  partTarget: 0.21,
  partHoldBack: 0.63,
  holdBack: 12,
  targetduration: 4,
  fragments: [segment(2), segment(4)],
  partList: [part(3.8), part(4), part(4.2)],
  ...more,
})

function made() {
  const at = { ms: 1_000 }
  return { at, clock: new HlsClock(() => at.ms) }
}

it('puts live at the end of what is listed, moving on until the next listing', () => {
  const { at, clock } = made()
  expect(clock.read()).toBeNull()
  clock.update(playlist({}))
  expect(clock.read()).toEqual({ edgeS: 4.2, holdBackS: 0.63, stillMs: 0 })
  at.ms += 150
  expect(clock.read()).toEqual({ edgeS: expect.closeTo(4.35), holdBackS: 0.63, stillMs: 150 })
})

it('stops it where media is overdue, and counts how long', () => {
  const { at, clock } = made()
  clock.update(playlist({}))
  at.ms += 5_000
  clock.update(playlist({}))
  expect(clock.read()).toEqual({ edgeS: expect.closeTo(4.62), holdBackS: 0.63, stillMs: 5_000 })
})

it('takes gaps for no media, however many are listed', () => {
  const { at, clock } = made()
  clock.update(playlist({}))
  at.ms += 4_000
  clock.update(
    playlist({ fragments: [segment(2), segment(4.2), segment(8, true)], partList: [part(4), part(4.2)] }),
  )
  expect(clock.read()).toMatchObject({ edgeS: expect.closeTo(4.62), stillMs: 4_000 })
  clock.update(playlist({ fragments: [segment(4.2), segment(8, true)], partList: [part(8.2)] }))
  expect(clock.read()).toMatchObject({ edgeS: expect.closeTo(8.2), stillMs: 0 })
})

it('goes by segments where there are no parts', () => {
  const { clock } = made()
  clock.update(playlist({ partList: null, partTarget: 0, partHoldBack: 0 }))
  expect(clock.read()).toEqual({ edgeS: 4, holdBackS: 12, stillMs: 0 })
})

it('knows no live once the stream is over', () => {
  const { clock } = made()
  clock.update(playlist({}))
  clock.update(playlist({ live: false }))
  expect(clock.read()).toBeNull()
})
