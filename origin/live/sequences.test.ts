import { Code, ConnectError } from '@connectrpc/connect'
import { expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { liveMetrics } from './metrics.ts'
import { Sequences } from './sequences.ts'

/** Answers what is listed, one after the other, and counts who asked. */
function sequencesOf(answers: (() => { firstSequence: bigint; count: number })[]) {
  const seen = { asked: 0, fenced: 0 }
  const reserveSequences = async () => {
    const answer = answers[seen.asked++]
    if (!answer) throw new Error('nobody should have asked')
    return answer() as never
  }
  const sequences = new Sequences({
    timelineId: 'T',
    epoch: 1,
    firstSequence: 0,
    count: 60,
    api: { reserveSequences },
    onFenced: () => seen.fenced++,
    log: quietLog,
    metrics: liveMetrics(testMetrics().metrics),
  })
  return { sequences, seen }
}

const block = (firstSequence: number) => () => ({ firstSequence: BigInt(firstSequence), count: 60 })

test('go on behind a block that was reserved while its answer got lost', async () => {
  const { sequences, seen } = sequencesOf([
    () => {
      throw new ConnectError('the answer never came', Code.DeadlineExceeded)
    },
    block(120),
    block(180),
  ])
  sequences.use(30)
  await expect.poll(() => seen.asked, { timeout: 5_000 }).toBe(2)
  // The next block is asked for once half of this one is used, and not before.
  sequences.use(149)
  expect(seen.asked).toBe(2)
  const asked = () => {
    sequences.use(150)
    return seen.asked
  }
  await expect.poll(asked, { timeout: 5_000 }).toBe(3)
  expect(seen.fenced).toBe(0)
  sequences.close()
})

test('that are refused end the stream: a newer publisher has them', async () => {
  const { sequences, seen } = sequencesOf([
    () => {
      throw new ConnectError('a newer publisher has taken over', Code.FailedPrecondition)
    },
  ])
  sequences.use(30)
  await expect.poll(() => seen.fenced, { timeout: 5_000 }).toBe(1)
  sequences.close()
})
