import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BLOB_BATCH_MAX_KEYS, BLOB_KEY_MAX_CHARS, BLOB_LIST_MAX_ITEMS, type Blobs } from './port.ts'

/** A store under test, empty. */
export interface BlobsFixture {
  blobs: Blobs
  close(): Promise<void>
}

const mp4 = { contentType: 'video/mp4' }
const bytes = (text: string) => new TextEncoder().encode(text)

async function* stream(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield bytes(chunk)
}

/** What every store promises, whatever engine it is. */
export function blobsCases(name: string, open: () => Promise<BlobsFixture>): void {
  describe(`blobs: ${name}`, () => {
    let fixture: BlobsFixture
    let blobs: Blobs
    beforeEach(async () => {
      fixture = await open()
      blobs = fixture.blobs
    })
    afterEach(() => fixture.close())

    const read = async (key: string, range?: { start: number; end?: number }) => {
      const object = await blobs.get(key, range ? { range } : {})
      return object && new Response(object.body).text()
    }
    const keys = async (prefix: string) => (await blobs.list({ prefix })).items.map((item) => item.key)

    it.each([
      ['bytes', () => bytes('hello')],
      ['a list of chunks', () => [bytes('he'), bytes(''), bytes('llo')]],
      ['a stream', () => stream('he', '', 'llo')],
    ])('gives back %s as they were put', async (_, body) => {
      expect(await blobs.put('a/b/c.mp4', body(), mp4)).toEqual({ written: true, sizeBytes: 5 })
      const object = await blobs.get('a/b/c.mp4')
      expect(object).toMatchObject({ key: 'a/b/c.mp4', sizeBytes: 5, range: { start: 0, end: 4 }, ...mp4 })
      expect(await new Response(object?.body).text()).toBe('hello')
    })

    it.each([
      ['bytes', () => new Uint8Array()],
      ['no chunks', () => []],
      ['a stream', () => stream()],
    ])('keeps an object of no size, put as %s', async (_, body) => {
      await blobs.put('empty.mp4', body(), mp4)
      expect(await blobs.get('empty.mp4')).toMatchObject({ sizeBytes: 0, range: null })
      expect(await read('empty.mp4')).toBe('')
    })

    it('keeps a large object byte for byte', async () => {
      const large = new Uint8Array(3_000_000).map((_, index) => (index * 31) ^ (index >> 8))
      await blobs.put('large.mp4', large, mp4)
      const object = await blobs.get('large.mp4')
      expect(Buffer.from(await new Response(object?.body).arrayBuffer()).equals(large)).toBe(true)
    })

    it('keeps the content type, whatever the name says, and takes a newer one', async () => {
      await blobs.put('a.mp4', bytes('x'), { contentType: 'text/plain; charset=utf-8' })
      expect((await blobs.head('a.mp4'))?.contentType).toBe('text/plain; charset=utf-8')
      await blobs.put('a.mp4', bytes('x'), mp4)
      expect((await blobs.get('a.mp4'))?.contentType).toBe('video/mp4')
      await blobs.put('plain', bytes('x'), { contentType: 'image/jpeg' })
      expect((await blobs.head('plain'))?.contentType).toBe('image/jpeg')
      await expect(blobs.put('a', bytes('x'), { contentType: 'a\nb' })).rejects.toMatchObject({
        code: 'invalid',
      })
    })

    it('says when an object was written', async () => {
      const beforeMs = Date.now()
      await blobs.put('a.mp4', bytes('x'), mp4)
      expect((await blobs.head('a.mp4'))?.modifiedAtMs).toBeGreaterThan(beforeMs - 5000)
      expect((await blobs.head('a.mp4'))?.modifiedAtMs).toBeLessThan(Date.now() + 5000)
    })

    it('has nothing where nothing was put', async () => {
      await blobs.put('a/b.mp4', bytes('x'), mp4)
      for (const key of ['nothing', 'a', 'a/c', 'a/b.mp4/c']) {
        expect(await blobs.get(key)).toBeNull()
        expect(await blobs.head(key)).toBeNull()
      }
    })

    it('gives any range that has a byte in it', async () => {
      await blobs.put('a.mp4', bytes('0123456789'), mp4)
      expect(await read('a.mp4', { start: 0, end: 0 })).toBe('0')
      expect(await read('a.mp4', { start: 3, end: 5 })).toBe('345')
      expect(await read('a.mp4', { start: 9 })).toBe('9')
      expect(await read('a.mp4', { start: 4, end: 400 })).toBe('456789')
      const object = await blobs.get('a.mp4', { range: { start: 4, end: 400 } })
      expect(object).toMatchObject({ sizeBytes: 10, range: { start: 4, end: 9 } })
      await object?.body.cancel()
    })

    it.each([{ start: 10 }, { start: -1 }, { start: 3, end: 2 }, { start: 0.5 }])(
      'refuses %j',
      async (range) => {
        await blobs.put('a.mp4', bytes('0123456789'), mp4)
        await expect(blobs.get('a.mp4', { range })).rejects.toMatchObject({ code: 'invalid' })
      },
    )

    it('replaces an object whole: a reader of the old one reads on', async () => {
      await blobs.put('a.mp4', new Uint8Array(1_000_000).fill(1), mp4)
      const old = await blobs.get('a.mp4')
      await blobs.put('a.mp4', bytes('new'), mp4)
      const content = new Uint8Array(await new Response(old?.body).arrayBuffer())
      expect(content.length).toBe(1_000_000)
      expect(content.every((byte) => byte === 1)).toBe(true)
      expect(await read('a.mp4')).toBe('new')
    })

    it('puts only where nothing stands when asked to: one of many wins', async () => {
      const puts = ['1', '2', '3', '4'].map((text) =>
        blobs.put('a/b.mp4', bytes(text), { ...mp4, ifAbsent: true }),
      )
      const written = (await Promise.all(puts)).map((put) => put.written)
      expect(written.filter(Boolean)).toHaveLength(1)
      expect(await read('a/b.mp4')).toBe(String(written.indexOf(true) + 1))
    })

    it('takes a body up to its limit; over it, and of a stream that breaks, nothing is there', async () => {
      await blobs.put('a.mp4', bytes('12345'), { ...mp4, maxBytes: 5 })
      await blobs.put('b.mp4', stream('123', '45'), { ...mp4, maxBytes: 5 })
      for (const body of [bytes('123456'), [bytes('123'), bytes('456')], stream('123', '456')]) {
        await expect(blobs.put('c.mp4', body, { ...mp4, maxBytes: 5 })).rejects.toMatchObject({
          code: 'too-large',
        })
      }
      const breaks = async function* () {
        yield bytes('123')
        throw new Error('gone')
      }
      await expect(blobs.put('c.mp4', breaks(), mp4)).rejects.toMatchObject({ code: 'unavailable' })
      expect(await keys('')).toEqual(['a.mp4', 'b.mp4'])
    })

    it('gives a stream up that stalls, and stores nothing of it', async () => {
      const stalls = async function* () {
        yield bytes('123')
        await new Promise(() => {})
      }
      await expect(blobs.put('a.mp4', stalls(), { ...mp4, timeoutMs: 20 })).rejects.toMatchObject({
        code: 'timeout',
      })
      expect(await blobs.head('a.mp4')).toBeNull()
    })

    it('gives a stream up with its caller', async () => {
      const caller = new AbortController()
      const gone = async function* () {
        yield bytes('123')
        caller.abort()
        yield bytes('456')
      }
      const put = blobs.put('a.mp4', gone(), { ...mp4, signal: caller.signal })
      await expect(put).rejects.toMatchObject({ code: 'aborted' })
      expect(await blobs.head('a.mp4')).toBeNull()
    })

    it('ends a body with its caller, and lets a reader stop early', async () => {
      await blobs.put('a.mp4', new Uint8Array(2_000_000), mp4)
      const caller = new AbortController()
      const object = await blobs.get('a.mp4', { signal: caller.signal })
      caller.abort()
      await expect(new Response(object?.body).arrayBuffer()).rejects.toMatchObject({ code: 'aborted' })
      const other = await blobs.get('a.mp4')
      const reader = other?.body.getReader()
      await reader?.read()
      await reader?.cancel()
    })

    it('deletes what is there and minds nothing else', async () => {
      for (const key of ['a/1.mp4', 'a/2.mp4', 'b']) await blobs.put(key, bytes('x'), mp4)
      await blobs.delete(['a/1.mp4', 'b', 'nothing', 'no/folder'])
      await blobs.delete([])
      expect(await keys('')).toEqual(['a/2.mp4'])
      await blobs.delete(['a/2.mp4'])
      await blobs.put('a', bytes('now an object'), mp4)
      expect(await read('a')).toBe('now an object')
    })

    it('lists by prefix, in the order of the keys, page by page', async () => {
      const all = [
        'a-b',
        'a.b',
        'a/b',
        'a/b-c/1',
        'a/b.c/1',
        'a/c/s1.m4s',
        'a/c/s10.m4s',
        'a/c/s2.m4s',
        'ab',
        'b',
      ]
      for (const key of all.toReversed()) await blobs.put(key, bytes(key), { contentType: 'text/plain' })
      expect(await keys('')).toEqual(all)
      expect(await keys('a/')).toEqual(all.slice(2, 8))
      expect(await keys('a/c/s1')).toEqual(['a/c/s1.m4s', 'a/c/s10.m4s'])
      expect(await keys('a/b')).toEqual(['a/b', 'a/b-c/1', 'a/b.c/1'])
      expect(await keys('c')).toEqual([])
      for (const limit of [1, 3, 10]) {
        const found: string[] = []
        let cursor: string | null = null
        do {
          const page = await blobs.list({ prefix: '', cursor, limit })
          found.push(...page.items.map((item) => item.key))
          expect(page.items.length).toBeLessThanOrEqual(limit)
          cursor = page.next
        } while (cursor !== null)
        expect(found).toEqual(all)
      }
      const [first] = (await blobs.list({ prefix: 'a-b' })).items
      expect(first).toMatchObject({ key: 'a-b', sizeBytes: 3, contentType: 'text/plain' })
    })

    it.each(['..', '../', '/', 'a//', '.', 'A', 'a/../'])('refuses to list %j', async (prefix) => {
      await expect(blobs.list({ prefix })).rejects.toMatchObject({ code: 'invalid' })
    })

    it('keeps an object and a folder of others apart', async () => {
      await blobs.put('a/b', bytes('x'), mp4)
      await expect(blobs.put('a', bytes('x'), mp4)).rejects.toMatchObject({ code: 'conflict' })
      await expect(blobs.put('a/b/c', bytes('x'), mp4)).rejects.toMatchObject({ code: 'conflict' })
      await expect(blobs.put('a', bytes('x'), { ...mp4, ifAbsent: true })).rejects.toMatchObject({
        code: 'conflict',
      })
    })

    it.each([
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '..',
      'a/../b',
      './a',
      '.hidden',
      'a/.b',
      'A',
      'ü',
      'a b',
      'a\\b',
      'a\0b',
      'a%2fb',
      '-a',
      'a\n',
      'a:b',
      'x'.repeat(129),
    ])('refuses the key %j everywhere', async (key) => {
      const refused = { code: 'invalid', port: 'blobs' }
      await expect(blobs.put(key, bytes('x'), mp4)).rejects.toMatchObject(refused)
      await expect(blobs.get(key)).rejects.toMatchObject(refused)
      await expect(blobs.head(key)).rejects.toMatchObject(refused)
      await expect(blobs.delete([key])).rejects.toMatchObject(refused)
    })

    it('takes keys, batches and pages up to their limits and refuses more', async () => {
      const longest = `${'x'.repeat(100)}/`.repeat(6).slice(0, BLOB_KEY_MAX_CHARS)
      await blobs.put(longest, bytes('x'), mp4)
      expect(await read(longest)).toBe('x')
      await expect(blobs.head(`${longest}x`)).rejects.toMatchObject({ code: 'invalid' })
      const many = Array.from({ length: BLOB_BATCH_MAX_KEYS }, (_, index) => `k${index}`)
      await blobs.delete(many)
      await expect(blobs.delete([...many, 'one'])).rejects.toMatchObject({ code: 'invalid' })
      await blobs.list({ prefix: '', limit: BLOB_LIST_MAX_ITEMS })
      for (const limit of [0, BLOB_LIST_MAX_ITEMS + 1, 0.5]) {
        await expect(blobs.list({ prefix: '', limit })).rejects.toMatchObject({ code: 'invalid' })
      }
    })

    it('gives up when its caller does, and refuses to work without a deadline', async () => {
      const signal = AbortSignal.abort()
      await expect(blobs.put('a', bytes('x'), { ...mp4, signal })).rejects.toMatchObject({ code: 'aborted' })
      await expect(blobs.get('a', { signal })).rejects.toMatchObject({ code: 'aborted' })
      await expect(blobs.head('a', { timeoutMs: 0 })).rejects.toMatchObject({ code: 'invalid' })
      expect(await blobs.head('a')).toBeNull()
    })

    it('says how much more it takes, or that there is no end to it', async () => {
      const freeBytes = await blobs.freeBytes()
      if (freeBytes !== null) expect(freeBytes).toBeGreaterThan(0)
      await blobs.close()
      await expect(blobs.freeBytes()).rejects.toMatchObject({ code: 'closed' })
    })

    it('answers nobody once it is closed, and closes twice', async () => {
      await blobs.close()
      await blobs.close()
      await expect(blobs.get('a')).rejects.toMatchObject({ code: 'closed' })
      await expect(blobs.put('a', bytes('x'), mp4)).rejects.toMatchObject({ code: 'closed' })
    })
  })
}
