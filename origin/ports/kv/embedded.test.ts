import { appendFile, mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openEmbeddedKv } from './embedded.ts'

describe('the embedded kv', () => {
  let directory: string
  let log: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kv-'))
    log = join(directory, 'kv.log')
  })
  afterEach(() => rm(directory, { recursive: true }))

  it('has everything again after a restart: values, times, counters, deletions', async () => {
    let nowMs = 1000
    const now = () => nowMs
    const first = await openEmbeddedKv({ directory, now })
    await first.set('stays', 'x')
    await first.set('goes', 'x')
    await first.delete(['goes'])
    await first.set('short', 'x', { ttlMs: 500 })
    await first.increment('n', { ttlMs: 2000 })
    await first.close()

    nowMs += 1000
    const second = await openEmbeddedKv({ directory, now })
    expect(await second.mget(['stays', 'goes', 'short'])).toEqual(['x', null, null])
    expect(await second.increment('n', { ttlMs: 2000 })).toEqual({ value: 2, expiresInMs: 1000 })
    await second.close()
  })

  it('has what it acknowledged even when nobody closed it', async () => {
    const killed = await openEmbeddedKv({ directory })
    await killed.set('a', 'x')
    const next = await openEmbeddedKv({ directory })
    expect(await next.get('a')).toBe('x')
    await killed.close()
    await next.close()
  })

  it('cuts a torn tail off, says how much, and goes on behind the last good record', async () => {
    const first = await openEmbeddedKv({ directory })
    await first.set('a', 'one')
    await first.close()
    await appendFile(log, '0badc0de ["s","b","tw')

    const lost: number[] = []
    const second = await openEmbeddedKv({ directory, onDamage: (bytes) => lost.push(bytes) })
    expect(lost).toEqual([21])
    expect(await second.mget(['a', 'b'])).toEqual(['one', null])
    await second.set('c', 'three')
    await second.close()

    const third = await openEmbeddedKv({ directory, onDamage: (bytes) => lost.push(bytes) })
    expect(await third.mget(['a', 'c'])).toEqual(['one', 'three'])
    expect(lost).toHaveLength(1)
    await third.close()
  })

  it('opens with a file that is no log at all', async () => {
    await writeFile(log, Buffer.from([0, 255, 10, 10, 1]))
    const kv = await openEmbeddedKv({ directory })
    expect(await kv.get('a')).toBeNull()
    await kv.close()
  })

  it('keeps its log small and loses nothing by that, writes in between included', async () => {
    const compactAboveBytes = 20_000
    const kv = await openEmbeddedKv({ directory, compactAboveBytes })
    for (let round = 0; round < 100; round++) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => kv.set(`key-${index}`, `${round}`)))
    }
    expect((await stat(log)).size).toBeLessThan(compactAboveBytes + 5000)
    await kv.close()
    const again = await openEmbeddedKv({ directory })
    expect(await again.mget(['key-0', 'key-19'])).toEqual(['99', '99'])
    await again.close()
  })

  it('is full at its bound, not before, and has room again when entries expire', async () => {
    let nowMs = 0
    const maxBytes = 10 * (2 * (2 + 50) + 100)
    const kv = await openEmbeddedKv({ directory: null, maxBytes, now: () => nowMs })
    for (let i = 0; i < 10; i++) await kv.set(`k${i}`, 'x'.repeat(50), { ttlMs: 1000 })
    await expect(kv.set('ka', 'x')).rejects.toMatchObject({ code: 'full', retryable: true })
    await kv.set('k0', 'y'.repeat(50), { ttlMs: 1000 })
    nowMs = 1000
    expect(await kv.set('ka', 'x')).toBe(true)
    await kv.close()
  })

  it('says so when the log cannot be written, and has everything in it once it can be again', async () => {
    const errors: unknown[] = []
    const kv = await openEmbeddedKv({
      directory,
      compactAboveBytes: 1,
      onError: (error) => errors.push(error),
    })
    await kv.set('a', 'one')
    await rm(directory, { recursive: true })
    await expect(kv.set('b', 'two')).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    expect(errors).toHaveLength(1)
    expect(await kv.get('b')).toBe('two')

    await mkdir(directory)
    await kv.set('c', 'three')
    await kv.close()
    expect((await readFile(log, 'utf8')).trim().split('\n')).toHaveLength(4)
    const again = await openEmbeddedKv({ directory })
    expect(await again.mget(['a', 'b', 'c'])).toEqual(['one', 'two', 'three'])
    await again.close()
  })

  it('loses no later record to one that was written half when the disk was full', async () => {
    const kv = await openEmbeddedKv({ directory })
    await kv.set('a', 'one')
    const handle = await open(log)
    const writeFile = vi.spyOn(Object.getPrototypeOf(handle), 'writeFile')
    await handle.close()
    writeFile.mockImplementationOnce(async () => {
      await appendFile(log, '0badc0de ["s","b","t')
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    })
    await expect(kv.set('b', 'two')).rejects.toMatchObject({ code: 'unavailable' })
    writeFile.mockRestore()
    await kv.set('c', 'three')
    await kv.close()
    const lost: number[] = []
    const again = await openEmbeddedKv({ directory, onDamage: (bytes) => lost.push(bytes) })
    expect(await again.mget(['a', 'b', 'c'])).toEqual(['one', 'two', 'three'])
    expect(lost).toEqual([])
    await again.close()
  })
})
