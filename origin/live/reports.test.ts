import { describe, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { liveMetrics } from './metrics.ts'
import { type StreamReport, StreamReports } from './reports.ts'

const never = new AbortController().signal

function reporting(intervalMs = 60_000) {
  const calls: string[][] = []
  const api = { away: false, end: '' }
  const reports = new StreamReports({
    send: async (batch: StreamReport[]) => {
      calls.push(batch.map((each) => `${each.broadcastId}${each.epoch}`))
      if (api.away) throw new Error('away')
      return batch.map((each) => ({ end: each.broadcastId === api.end, reason: 'ended-by-creator' }))
    },
    log: quietLog,
    metrics: liveMetrics(testMetrics().metrics),
    intervalMs,
  })
  const ends: string[] = []
  /** A stream whose report changes each time. */
  const add = (broadcastId: string) => {
    let epoch = 0
    return reports.add({
      read: () => ({ broadcastId, epoch: ++epoch }),
      onEnd: (reason) => ends.push(`${broadcastId} ${reason}`),
    })
  }
  return { add, calls, api, ends }
}

describe("a node's reports", () => {
  test('go out at once, all streams in one call, and at once after a change', async () => {
    const { add, calls } = reporting()
    const [a, b] = [add('a'), add('b')]
    await expect.poll(() => calls).toEqual([['a1', 'b1']])
    a.changed()
    await expect
      .poll(() => calls)
      .toEqual([
        ['a1', 'b1'],
        ['a2', 'b2'],
      ])
    a.stop()
    b.changed()
    await expect.poll(() => calls.at(-1)).toEqual(['b3'])
    b.stop()
  })

  test('follow each other for as long as there is a stream', async () => {
    const { add, calls } = reporting(1)
    const stream = add('a')
    await expect.poll(() => calls.length).toBeGreaterThan(5)
    await stream.finish(never)
    const { length } = calls
    const next = add('b')
    await expect.poll(() => calls.slice(length).flat()).toContain('b2')
    expect(
      calls
        .slice(length)
        .flat()
        .filter((report) => report.startsWith('a')),
    ).toEqual([])
    next.stop()
  })

  test('tell a stream that it is to end, and no other', async () => {
    const { add, api, ends } = reporting(1)
    api.end = 'b'
    const [a, b] = [add('a'), add('b')]
    await expect.poll(() => ends).toContain('b ended-by-creator')
    expect(ends).not.toContain('a ended-by-creator')
    a.stop()
    b.stop()
  })

  test('go on while the api is away, and the last one is sent until it arrives', async () => {
    const { add, calls, api, ends } = reporting(1)
    api.away = true
    const stream = add('a')
    await expect.poll(() => calls.length).toBeGreaterThan(3)
    const finished = stream.finish(never)
    const last = calls.length
    await expect.poll(() => calls.length).toBeGreaterThan(last + 2)
    api.away = false
    await finished
    expect(new Set(calls.slice(last + 1).flat()).size).toBe(1)
    expect(ends).toEqual([])
  })

  test('are given up when asked to, with the failure', async () => {
    const { add, api } = reporting(1)
    api.away = true
    await expect(add('a').finish(AbortSignal.timeout(20))).rejects.toThrow('away')
  })
})
