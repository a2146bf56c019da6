import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_TIMEOUT_MS, withDeadline } from './deadline.ts'

const never = () => new Promise<never>(() => {})

describe('the deadline of a call', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('fails the call when it passes, and tells the work to stop', async () => {
    let seen: AbortSignal | undefined
    const call = withDeadline('kv', 'get', { timeoutMs: 50 }, (signal) => {
      seen = signal
      return never()
    })
    const failed = expect(call).rejects.toMatchObject({ code: 'timeout', port: 'kv', retryable: true })
    await vi.advanceTimersByTimeAsync(49)
    expect(seen?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await failed
    expect(seen?.aborted).toBe(true)
  })

  it('is there without being asked for', async () => {
    const call = withDeadline('kv', 'get', {}, never)
    const failed = expect(call).rejects.toMatchObject({ code: 'timeout' })
    await vi.advanceTimersByTimeAsync(DEFAULT_TIMEOUT_MS)
    await failed
  })

  it('ends with the caller, who need not wait for the work', async () => {
    const caller = new AbortController()
    const call = withDeadline('docs', 'find', { signal: caller.signal }, never)
    caller.abort(new Error('gone'))
    await expect(call).rejects.toMatchObject({ code: 'aborted', retryable: false })
  })

  it('leaves no timer and no listener behind', async () => {
    const caller = new AbortController()
    const removed = vi.spyOn(caller.signal, 'removeEventListener')
    expect(await withDeadline('kv', 'get', { signal: caller.signal }, async () => 7)).toBe(7)
    await expect(
      withDeadline('kv', 'get', { signal: caller.signal }, () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no')
    expect(vi.getTimerCount()).toBe(0)
    expect(removed).toHaveBeenCalledTimes(2)
  })

  it('starts nothing for a caller who is gone, nor without a real deadline', async () => {
    const run = vi.fn(never)
    await expect(withDeadline('kv', 'get', { signal: AbortSignal.abort() }, run)).rejects.toMatchObject({
      code: 'aborted',
    })
    for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(withDeadline('kv', 'get', { timeoutMs }, run)).rejects.toMatchObject({ code: 'invalid' })
    }
    expect(run).not.toHaveBeenCalled()
  })
})
