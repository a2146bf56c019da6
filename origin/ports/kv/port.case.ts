import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { KV_BATCH_MAX_KEYS, KV_KEY_MAX_BYTES, KV_VALUE_MAX_BYTES, type Kv } from './port.ts'

/** A kv under test and the clock that it lives by. */
export interface KvFixture {
  kv: Kv
  /** Lets this much time pass for the kv. */
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/** What every kv promises, whatever engine it is. */
export function kvCases(name: string, open: () => Promise<KvFixture>): void {
  describe(`kv: ${name}`, () => {
    let fixture: KvFixture
    let kv: Kv
    beforeEach(async () => {
      fixture = await open()
      kv = fixture.kv
    })
    afterEach(() => fixture.close())

    it('gives back what was set, and null for what was not', async () => {
      expect(await kv.set('a', 'one')).toBe(true)
      await kv.set('b', '')
      expect(await kv.get('a')).toBe('one')
      expect(await kv.mget(['b', 'nothing', 'a'])).toEqual(['', null, 'one'])
      expect(await kv.mget([])).toEqual([])
    })

    it('keeps any text: other scripts, quotes, line ends, surrogate pairs', async () => {
      const value = 'läuft "\'\\ \n\r\t\u0000 日本 🎬'
      await kv.set('schlüssel 日本 🎬', value)
      expect(await kv.get('schlüssel 日本 🎬')).toBe(value)
    })

    it('sets only where nothing stands when asked to', async () => {
      expect(await kv.set('a', 'first', { ifAbsent: true })).toBe(true)
      expect(await kv.set('a', 'second', { ifAbsent: true })).toBe(false)
      expect(await kv.get('a')).toBe('first')
    })

    it('counts what it deletes', async () => {
      await kv.set('a', '1')
      await kv.set('b', '2')
      expect(await kv.delete(['a', 'b', 'c'])).toBe(2)
      expect(await kv.delete(['a'])).toBe(0)
      expect(await kv.delete([])).toBe(0)
      expect(await kv.get('a')).toBeNull()
    })

    it('forgets an entry when its time is up, not before', async () => {
      await kv.set('a', 'x', { ttlMs: 1000 })
      await fixture.pass(900)
      expect(await kv.get('a')).toBe('x')
      await fixture.pass(200)
      expect(await kv.get('a')).toBeNull()
      expect(await kv.set('a', 'y', { ifAbsent: true })).toBe(true)
      expect(await kv.delete(['a'])).toBe(1)
    })

    it('keeps an entry for good when it is written again without a time', async () => {
      await kv.set('a', 'x', { ttlMs: 1000 })
      await kv.set('a', 'y')
      await fixture.pass(2000)
      expect(await kv.get('a')).toBe('y')
    })

    it('counts in a fixed window that later increments do not extend', async () => {
      expect(await kv.increment('tries', { ttlMs: 1000 })).toMatchObject({ value: 1 })
      await fixture.pass(600)
      const second = await kv.increment('tries', { by: 4, ttlMs: 1000 })
      expect(second.value).toBe(5)
      expect(second.expiresInMs).toBeGreaterThan(0)
      expect(second.expiresInMs).toBeLessThanOrEqual(400)
      await fixture.pass(500)
      expect((await kv.increment('tries', { ttlMs: 1000 })).value).toBe(1)
    })

    it('counts down, without an end, and on what was set as a number', async () => {
      expect(await kv.increment('n', { by: -3 })).toEqual({ value: -3, expiresInMs: null })
      await kv.set('m', '41')
      expect((await kv.increment('m')).value).toBe(42)
      expect(await kv.get('m')).toBe('42')
    })

    it('loses no increment of many at once', async () => {
      const values = await Promise.all(Array.from({ length: 200 }, () => kv.increment('n')))
      expect(values.map((counter) => counter.value).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 200 }, (_, index) => index + 1),
      )
    })

    it('refuses to count where the value is no whole number', async () => {
      await kv.set('word', 'x')
      await expect(kv.increment('word')).rejects.toMatchObject({ code: 'conflict' })
      await kv.set('big', String(Number.MAX_SAFE_INTEGER - 1))
      expect((await kv.increment('big')).value).toBe(Number.MAX_SAFE_INTEGER)
      await expect(kv.increment('big')).rejects.toMatchObject({ code: 'conflict' })
      await expect(kv.increment('n', { by: 0.5 })).rejects.toMatchObject({ code: 'invalid' })
    })

    it('gives a lease to one of many, renews it for its holder, ends it for nobody else', async () => {
      const takers = ['a', 'b', 'c', 'd'].map((holder) =>
        kv.setIfEquals('lease', null, holder, { ttlMs: 1000 }),
      )
      expect((await Promise.all(takers)).filter(Boolean)).toHaveLength(1)
      const holder = (await kv.get('lease')) ?? ''
      expect(await kv.setIfEquals('lease', 'somebody', 'somebody', { ttlMs: 1000 })).toBe(false)
      expect(await kv.deleteIfEquals('lease', 'somebody')).toBe(false)
      await fixture.pass(900)
      expect(await kv.setIfEquals('lease', holder, holder, { ttlMs: 1000 })).toBe(true)
      await fixture.pass(900)
      expect(await kv.get('lease')).toBe(holder)
      expect(await kv.deleteIfEquals('lease', holder)).toBe(true)
      expect(await kv.setIfEquals('lease', null, 'next', { ttlMs: 1000 })).toBe(true)
      await fixture.pass(1100)
      expect(await kv.setIfEquals('lease', 'next', 'next')).toBe(false)
    })

    it('takes keys and values up to their limits and refuses more', async () => {
      const longest = 'ü'.repeat(KV_KEY_MAX_BYTES / 2)
      await kv.set(longest, 'x')
      expect(await kv.get(longest)).toBe('x')
      await expect(kv.set(`${longest}a`, 'x')).rejects.toMatchObject({ code: 'invalid' })
      await kv.set('v', 'v'.repeat(KV_VALUE_MAX_BYTES))
      await expect(kv.set('v', 'v'.repeat(KV_VALUE_MAX_BYTES + 1))).rejects.toMatchObject({
        code: 'too-large',
      })
      const keys = Array.from({ length: KV_BATCH_MAX_KEYS }, (_, index) => `k${index}`)
      expect(await kv.mget(keys)).toHaveLength(KV_BATCH_MAX_KEYS)
      await expect(kv.mget([...keys, 'one'])).rejects.toMatchObject({ code: 'invalid' })
      await expect(kv.delete([...keys, 'one'])).rejects.toMatchObject({ code: 'invalid' })
    })

    it.each(['', 'a\nb', 'a\u0000', '\u007f', '\ud800'])('refuses the key %j', async (key) => {
      await expect(kv.get(key)).rejects.toMatchObject({ code: 'invalid', port: 'kv' })
      await expect(kv.set(key, 'x')).rejects.toMatchObject({ code: 'invalid' })
    })

    it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d as a time to live', async (ttlMs) => {
      await expect(kv.set('a', 'x', { ttlMs })).rejects.toMatchObject({ code: 'invalid' })
    })

    it('gives up when its caller does, and refuses to work without a deadline', async () => {
      const signal = AbortSignal.abort()
      await expect(kv.get('a', { signal })).rejects.toMatchObject({ code: 'aborted' })
      await expect(kv.set('a', 'x', { timeoutMs: 0 })).rejects.toMatchObject({ code: 'invalid' })
      expect(await kv.get('a')).toBeNull()
    })

    it('answers nobody once it is closed, and closes twice', async () => {
      await kv.close()
      await kv.close()
      await expect(kv.get('a')).rejects.toMatchObject({ code: 'closed' })
      await expect(kv.set('a', 'x')).rejects.toMatchObject({ code: 'closed' })
    })
  })
}
