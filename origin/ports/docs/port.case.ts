import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { DOC_BATCH_MAX, DOC_MAX_BYTES, DOC_PAGE_MAX, type Doc, type Docs } from './port.ts'

/** Documents under test. Cases use a collection of their own each, so one store serves them all. */
export interface DocsFixture {
  docs: Docs
  /** Another client of the same store, for the case that closes it. */
  another(): Promise<Docs>
  close(): Promise<void>
}

/** What every store of documents promises, whatever engine it is. */
export function docsCases(name: string, open: () => Promise<DocsFixture>): void {
  describe(`docs: ${name}`, () => {
    let fixture: DocsFixture
    let docs: Docs
    let log: string
    let count = 0
    beforeAll(async () => {
      fixture = await open()
      docs = fixture.docs
    })
    afterAll(() => fixture.close())
    beforeEach(() => {
      log = `case_${++count}`
    })

    const doc = (id: string, timeMs: number, body: Doc['body'] = {}): Doc => ({ id, timeMs, body })
    const ids = (items: readonly Doc[]) => items.map((item) => item.id)

    it('gives back documents as they were inserted, in the order of time, ties by id', async () => {
      const body = {
        text: 'läuft "日本" 🎬\n\\u0000',
        n: -1.5,
        yes: true,
        none: null,
        list: [1, ['x'], { a: {} }],
      }
      expect(await docs.insertMany(log, [doc('c', 2000), doc('b', 1000), doc('a', 2000, body)])).toBe(3)
      const { items, next } = await docs.find(log, {})
      expect(ids(items)).toEqual(['b', 'a', 'c'])
      expect(items[1]).toEqual(doc('a', 2000, body))
      expect(next).toBeNull()
      expect(ids((await docs.find(log, {}, { order: 'desc' })).items)).toEqual(['c', 'a', 'b'])
    })

    it('inserts nothing twice: a retried batch adds what is missing and changes nothing', async () => {
      await docs.insertMany(log, [doc('a', 1000, { n: 1 })])
      expect(await docs.insertMany(log, [doc('a', 9000, { n: 2 }), doc('b', 2000)])).toBe(1)
      expect(await docs.insertMany(log, [doc('x', 1), doc('x', 1)])).toBe(1)
      const { items } = await docs.find(log, { equals: { n: 1 } })
      expect(items).toEqual([doc('a', 1000, { n: 1 })])
      expect(await docs.insertMany(log, [])).toBe(0)
    })

    it('keeps collections apart', async () => {
      await docs.insertMany(log, [doc('a', 1000)])
      expect(await docs.insertMany(`${log}_other`, [doc('a', 1000)])).toBe(1)
      expect(await docs.deleteBefore(log, 5000)).toBe(1)
      expect((await docs.find(`${log}_other`, {})).items).toHaveLength(1)
    })

    it('finds by what fields equal, exactly', async () => {
      await docs.insertMany(log, [
        doc('a', 1, { room: 'x', n: 1, on: true }),
        doc('b', 2, { room: 'x', n: 2, on: false }),
        doc('c', 3, { room: 'y', n: 1, on: true }),
        doc('d', 4, { room: ['x'], n: '1', on: 'true' }),
        doc('e', 5, {}),
      ])
      const found = async (equals: Record<string, string | number | boolean>) =>
        ids((await docs.find(log, { equals })).items)
      expect(await found({ room: 'x' })).toEqual(['a', 'b'])
      expect(await found({ n: 1 })).toEqual(['a', 'c'])
      expect(await found({ on: true })).toEqual(['a', 'c'])
      expect(await found({ room: 'x', n: 2, on: false })).toEqual(['b'])
      expect(await found({ nothing: 'x' })).toEqual([])
      expect(await found({ room: `x' or '1'='1` })).toEqual([])
    })

    it('finds from a time, inclusive, to a time, exclusive', async () => {
      await docs.insertMany(log, [doc('a', 1000), doc('b', 2000), doc('c', 3000)])
      expect(ids((await docs.find(log, { fromMs: 1000, toMs: 3000 })).items)).toEqual(['a', 'b'])
      expect(ids((await docs.find(log, { fromMs: 1001 })).items)).toEqual(['b', 'c'])
      expect(ids((await docs.find(log, { toMs: 1000 })).items)).toEqual([])
    })

    it.each(['asc', 'desc'] as const)('goes through pages (%s) without a gap or a double', async (order) => {
      const all = Array.from({ length: 25 }, (_, index) =>
        doc(`d${String(index).padStart(2, '0')}`, index >> 2),
      )
      await docs.insertMany(log, all)
      const found: string[] = []
      let cursor: string | null = null
      do {
        const page = await docs.find(log, {}, { order, limit: 7, cursor })
        found.push(...ids(page.items))
        cursor = page.next
      } while (cursor !== null)
      expect(found).toEqual(order === 'asc' ? ids(all) : ids(all).toReversed())
      expect((await docs.find(log, {}, { limit: 25 })).next).toBeNull()
    })

    it('deletes what is older than a time and says how many', async () => {
      const many = Array.from({ length: 900 }, (_, index) => doc(`d${index}`, index))
      await docs.insertMany(log, many)
      expect(await docs.deleteBefore(log, 899)).toBe(899)
      expect(ids((await docs.find(log, {})).items)).toEqual(['d899'])
      expect(await docs.deleteBefore(log, 899)).toBe(0)
    })

    it('takes documents, batches and pages up to their limits and refuses more', async () => {
      const fill = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) })
      await docs.insertMany(log, [doc('largest', 1, fill(DOC_MAX_BYTES))])
      const tooLarge = docs.insertMany(log, [doc('fits', 1), doc('more', 1, fill(DOC_MAX_BYTES + 1))])
      await expect(tooLarge).rejects.toMatchObject({ code: 'too-large' })
      const many = Array.from({ length: DOC_BATCH_MAX }, (_, index) => doc(`d${index}`, 2))
      expect(await docs.insertMany(log, many)).toBe(DOC_BATCH_MAX)
      await expect(docs.insertMany(log, [...many, doc('one', 2)])).rejects.toMatchObject({ code: 'invalid' })
      expect((await docs.find(log, { fromMs: 2 }, { limit: DOC_PAGE_MAX })).items).toHaveLength(DOC_PAGE_MAX)
      for (const limit of [0, DOC_PAGE_MAX + 1, 1.5]) {
        await expect(docs.find(log, {}, { limit })).rejects.toMatchObject({ code: 'invalid' })
      }
      expect(ids((await docs.find(log, { toMs: 2 })).items)).toEqual(['largest'])
    })

    it.each([
      ['an id with a space', doc('a b', 1)],
      ['an empty id', doc('', 1)],
      ['an id of 65 characters', doc('x'.repeat(65), 1)],
      ['a time before 1970', doc('a', -1)],
      ['half a millisecond', doc('a', 0.5)],
      ['a NUL character', doc('a', 1, { text: 'a\u0000' })],
      ['half a surrogate pair', doc('a', 1, { text: '\ud800' })],
      ['a number that is none', doc('a', 1, { n: Number.NaN })],
    ])('refuses %s, and all that came with it', async (_, bad) => {
      await expect(docs.insertMany(log, [doc('good', 1), bad])).rejects.toMatchObject({ code: 'invalid' })
      expect((await docs.find(log, {})).items).toEqual([])
    })

    it('refuses names and cursors that are none', async () => {
      for (const collection of ['', 'A', 'a-b', '1a', 'x'.repeat(65), `a"; drop table documents; --`]) {
        await expect(docs.find(collection, {})).rejects.toMatchObject({ code: 'invalid' })
        await expect(docs.insertMany(collection, [])).rejects.toMatchObject({ code: 'invalid' })
      }
      for (const field of ['', '$where', 'a.b', "a'b"]) {
        await expect(docs.find(log, { equals: { [field]: 1 } })).rejects.toMatchObject({ code: 'invalid' })
      }
      for (const cursor of ['', 'x', '1.', '1.a b', '999999999999999.a']) {
        await expect(docs.find(log, {}, { cursor })).rejects.toMatchObject({ code: 'invalid' })
      }
    })

    it('gives up when its caller does, and refuses to work without a deadline', async () => {
      const signal = AbortSignal.abort()
      await expect(docs.insertMany(log, [doc('a', 1)], { signal })).rejects.toMatchObject({ code: 'aborted' })
      await expect(docs.find(log, {}, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'invalid' })
      expect((await docs.find(log, {})).items).toEqual([])
    })

    it('answers nobody once it is closed, and closes twice', async () => {
      const other = await fixture.another()
      await other.close()
      await other.close()
      await expect(other.find(log, {})).rejects.toMatchObject({ code: 'closed' })
      expect((await docs.find(log, {})).items).toEqual([])
    })
  })
}
