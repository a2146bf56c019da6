import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../test/support/origin-parts.ts'
import { liveMetrics } from './metrics.ts'
import { Reporter } from './reporter.ts'

function reporting(answer: () => Promise<{ end: boolean; reason: string }>, intervalMs = 60_000) {
  let sent = 0
  const ends: string[] = []
  const reporter = new Reporter({
    send: () => {
      sent++
      return answer()
    },
    onEnd: (reason) => ends.push(reason),
    log: quietLog,
    metrics: liveMetrics(testMetrics().metrics),
    intervalMs,
  })
  return { reporter, sent: () => sent, ends }
}

const fine = async () => ({ end: false, reason: '' })
const never = new AbortController().signal

describe('a reporter', () => {
  test('reports at once, and at once after a change', async () => {
    const { reporter, sent } = reporting(fine)
    expect(sent()).toBe(1)
    reporter.changed()
    await expect.poll(sent).toBe(2)
    await reporter.stop()
  })

  test('reports again and again', async () => {
    const { reporter, sent } = reporting(fine, 1)
    await expect.poll(sent).toBeGreaterThan(5)
    await reporter.stop()
    const last = sent()
    await reporter.stop()
    expect(sent()).toBe(last)
  })

  test('passes on that the stream is to end', async () => {
    const { reporter, ends } = reporting(async () => ({ end: true, reason: 'enough' }))
    await expect.poll(() => ends).toEqual(['enough'])
    await reporter.stop()
  })

  test('ends a stream that the api does not know', async () => {
    const { reporter, ends } = reporting(async () => {
      throw new ConnectError('what stream?', Code.NotFound)
    })
    await expect.poll(() => ends.length).toBe(1)
    await reporter.stop()
  })

  test('goes on while the api is away, and sends the last report until it arrives', async () => {
    let away = true
    const { reporter, sent, ends } = reporting(async () => {
      if (away) throw new ConnectError('away', Code.Unavailable)
      return fine()
    }, 1)
    await expect.poll(sent).toBeGreaterThan(3)
    expect(ends).toEqual([])
    const finished = reporter.finish(never)
    away = false
    await finished
    await expect(
      reporting(() => Promise.reject(new Error('away')), 1).reporter.finish(AbortSignal.timeout(20)),
    ).rejects.toThrow('away')
  })
})
