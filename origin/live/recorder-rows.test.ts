import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { SegmentRecordSchema } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { newId } from '@streamtube/contracts/ids.ts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { quietLog } from '../../test/support/origin-parts.ts'
import { RecorderRows } from './recorder-rows.ts'

let stop: AbortController
let isAway: boolean
let calls: number
let taken: number[]
let rows: RecorderRows

beforeEach(() => {
  vi.useFakeTimers()
  stop = new AbortController()
  isAway = true
  calls = 0
  taken = []
  rows = new RecorderRows({
    timelineId: newId(),
    epoch: 1,
    async append({ segments }) {
      calls++
      // An answer takes a while.
      await new Promise((resolve) => setTimeout(resolve, 10))
      if (isAway) throw new ConnectError('away', Code.Unavailable)
      taken.push(...segments.map(({ sequence }) => Number(sequence)))
    },
    signal: stop.signal,
    log: quietLog,
    batchMs: 1_000,
  })
})
afterEach(() => {
  stop.abort()
  vi.useRealTimers()
})

/** A row every two seconds, as of a stream. */
async function add(count: number): Promise<void> {
  for (let sequence = 0; sequence < count; sequence++) {
    const record = create(SegmentRecordSchema, { sequence: BigInt(sequence) })
    rows.add({ record, takenAtMs: 0, onAnswered() {} })
    await vi.advanceTimersByTimeAsync(2_000)
  }
}

test('rows that came while the api was away are all taken once it is back', async () => {
  await add(50)
  isAway = false
  const all = Array.from({ length: 50 }, (_, i) => i)
  // The pause before the next attempt is not under the fake clock; a ceiling for machines that stand still.
  await vi.waitFor(() => expect(taken).toEqual(all), { timeout: 20_000 })
})

test('what waits for an api that is away is one attempt, however long it is away', async () => {
  await add(50)
  const before = calls
  stop.abort()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(calls - before).toBeLessThan(2)
})
