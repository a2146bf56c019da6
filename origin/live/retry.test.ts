import { describe, expect, test } from 'vitest'
import { backOffMs, retry } from './retry.ts'

const quick = { firstDelayMs: 1, longestDelayMs: 2 }

/** Fails a number of times, then succeeds. */
function failing(times: number) {
  let calls = 0
  return async () => {
    if (++calls <= times) throw new Error(`failure ${calls}`)
    return calls
  }
}

describe('retrying', () => {
  test('goes on until it works, and tells of each failure', async () => {
    const attempts: number[] = []
    const options = {
      ...quick,
      signal: new AbortController().signal,
      onFailure: (_: unknown, n: number) => attempts.push(n),
    }
    expect(await retry(failing(3), options)).toBe(4)
    expect(attempts).toEqual([1, 2, 3])
  })

  test('stops with the last failure when it is given up, also in a pause', async () => {
    const stop = new AbortController()
    const run = retry(failing(1_000), {
      signal: stop.signal,
      firstDelayMs: 60_000,
      longestDelayMs: 60_000,
      onFailure: () => stop.abort(),
    })
    await expect(run).rejects.toThrow('failure 1')
  })

  test('does not repeat what stays the same', async () => {
    const options = {
      ...quick,
      signal: new AbortController().signal,
      onFailure: () => {},
      isFinal: () => true,
    }
    await expect(retry(failing(1), options)).rejects.toThrow('failure 1')
  })

  test('waits longer each time, up to a bound', () => {
    expect([1, 2, 3, 4, 20].map((attempt) => backOffMs(attempt, 100, 1_000))).toEqual([
      100, 200, 400, 800, 1_000,
    ])
  })
})
