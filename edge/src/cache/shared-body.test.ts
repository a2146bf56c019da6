import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SharedBody } from './shared-body.ts'

const KIB = 1024

function bodyOf(sizeBytes: number): SharedBody {
  return new SharedBody(new Blob([new Uint8Array(sizeBytes).fill(7)]).stream(), sizeBytes, () => {})
}

describe('a slow reader', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('is given a chunk when it asks for one, and holds nothing else', async () => {
    const body = bodyOf(640 * KIB)
    await body.whole
    const view = vi.spyOn(Uint8Array.prototype, 'subarray')
    const reader = body.stream(0, 640 * KIB - 1).getReader()
    expect(view).toHaveBeenCalledTimes(0)
    expect((await reader.read()).value?.byteLength).toBe(64 * KIB)
    expect(view).toHaveBeenCalledTimes(1)
    view.mockRestore()
    await reader.cancel()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('that takes a chunk in just under half a minute gets all of it', async () => {
    const body = bodyOf(256 * KIB)
    await body.whole
    const reader = body.stream(0, 256 * KIB - 1).getReader()
    let received = 0
    for (;;) {
      const { value, done } = await reader.read()
      if (done) break
      received += value.byteLength
      await vi.advanceTimersByTimeAsync(29_999)
    }
    expect(received).toBe(256 * KIB)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('that stands still for half a minute is cut off, and the others are not', async () => {
    const body = bodyOf(256 * KIB)
    await body.whole
    const [still, other] = [body.stream(0, 256 * KIB - 1).getReader(), body.stream(0, 256 * KIB - 1)]
    await still.read()
    await vi.advanceTimersByTimeAsync(30_000)
    await expect(still.read()).rejects.toMatchObject({ code: 'stalled-reader' })
    expect((await new Response(other).arrayBuffer()).byteLength).toBe(256 * KIB)
    expect(vi.getTimerCount()).toBe(0)
  })
})
