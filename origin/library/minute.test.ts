import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SegmentEntry } from '../media/types.ts'
import { entriesOf, mergeMinute, withHeaders } from './minute.ts'

const entry = (sequence: number): SegmentEntry => ({
  epoch: 3,
  sequence,
  dts: sequence * 180_000,
  duration: 180_000,
  programTimeMs: sequence * 2000,
  sizeBytes: 1000 + sequence,
  independent: sequence % 2 === 0,
  discontinuity: sequence % 3 === 0,
  gap: sequence % 5 === 0,
})

test('a row holds the same whatever the order, the batches and the repeats in which its entries came', () => {
  const sequences = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 })
  const delivery = sequences.chain((all) =>
    fc.tuple(
      fc.constant(all),
      fc.array(fc.subarray(all), { maxLength: 6 }),
      fc.shuffledSubarray(all, { minLength: all.length }),
    ),
  )
  fc.assert(
    fc.property(delivery, ([all, batches, last]) => {
      let row = { epoch: 3, ...mergeMinute(null, []) }
      for (const batch of [...batches, last, last]) {
        row = { epoch: 3, ...mergeMinute(row, batch.map(entry)) }
      }
      expect(entriesOf(row)).toEqual([...all].sort((a, b) => a - b).map(entry))
    }),
  )
})

test('a segment that is there already stays as it is', () => {
  const row = { epoch: 3, ...mergeMinute(null, [entry(1)]) }
  const again = mergeMinute(row, [{ ...entry(1), sizeBytes: 7 }])
  expect(entriesOf({ epoch: 3, ...again })).toEqual([entry(1)])
})

test('a gap gives way to its segment, whichever comes first; what players counted as a discontinuity stays one', () => {
  const segment = { ...entry(1), gap: false, discontinuity: false }
  for (const discontinuity of [false, true]) {
    const gap = { ...segment, gap: true, sizeBytes: 0, independent: false, discontinuity }
    const wanted = [{ ...segment, discontinuity }]
    for (const order of [
      [gap, segment],
      [segment, gap],
      [gap, gap, segment, gap],
    ]) {
      expect(entriesOf({ epoch: 3, ...mergeMinute(null, order) })).toEqual(wanted)
    }
  }
})

test('a header that begins in one row holds in those that follow, until the epoch ends', () => {
  const from4 = (sequence: number) => (sequence < 4 ? entry(sequence) : { ...entry(sequence), header: 4 })
  const rows = [
    [3, 5, 4],
    [7, 6],
  ].map((sequences) => ({
    epoch: 3,
    ...mergeMinute(null, sequences.map(from4)),
  }))
  const next = { ...entry(8), epoch: 4 }
  const listed = [...rows.flatMap(entriesOf), next].sort((a, b) => a.sequence - b.sequence)
  expect(withHeaders(listed)).toEqual([...[3, 4, 5, 6, 7].map(from4), next])
})
