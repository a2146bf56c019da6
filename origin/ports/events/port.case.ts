import { newId } from '@streamtube/contracts/ids.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvent, EventRejected, makeEvent, onEvent } from './event.ts'
import { type Envelope, EVENT_BATCH_MAX, EVENT_PAYLOAD_MAX_BYTES, type Events } from './port.ts'

/** Events under test. Cases use a topic of their own each, so one fixture serves them all. */
export interface EventsFixture<Transaction> {
  events(): Events<Transaction>
  /** Commits what `work` does, or nothing when it throws. */
  transaction(work: (transaction: Transaction) => Promise<void>): Promise<void>
  deadLetters(group: string): Promise<{ eventId: string; reason: string; attempts: number }[]>
  /** Ends the port and opens it again on what it kept. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Collects what a handler got, and lets a test wait for it. */
class Inbox {
  readonly seen: string[] = []
  #waiting: { count: number; done: () => void }[] = []

  take(text: string): void {
    this.seen.push(text)
    for (const one of this.#waiting) if (this.seen.length >= one.count) one.done()
  }

  has(count: number): Promise<void> {
    if (this.seen.length >= count) return Promise.resolve()
    return new Promise((done) => this.#waiting.push({ count, done }))
  }
}

/** What every adapter promises, whatever engine carries the events. `fixture.backOff` must be short. */
export function eventsCases<Transaction>(
  name: string,
  open: () => Promise<EventsFixture<Transaction>>,
): void {
  describe(`events: ${name}`, () => {
    let fixture: EventsFixture<Transaction>
    let topic: string
    let group: string
    let inbox: Inbox
    let count = 0
    beforeAll(async () => {
      fixture = await open()
    })
    afterAll(() => fixture.close())
    beforeEach(() => {
      topic = `case.${++count}`
      group = `group-${count}`
      inbox = new Inbox()
    })

    const said = (version = 1) =>
      defineEvent({ topic, type: 'thing.said', version, payload: z.object({ text: z.string() }) })
    const event = (text: string, key = 'k', more: Partial<Envelope> = {}): Envelope => ({
      ...makeEvent(said(), { id: newId(), timeMs: 1_700_000_000_123, key, payload: { text } }),
      ...more,
    })
    const append = (...list: Envelope[]) =>
      fixture.transaction((transaction) => fixture.events().append(transaction, list))
    const listen = (
      run: (text: string, signal: AbortSignal) => Promise<void> = async () => {},
      more: {
        group?: string
        from?: 'earliest' | 'latest'
        attempts?: number
        handlerTimeoutMs?: number
      } = {},
    ) =>
      fixture.events().subscribe({
        topic,
        group,
        ...more,
        handlers: [
          onEvent(said(), async ({ text }, _, signal) => {
            await run(text, signal)
            inbox.take(text)
          }),
        ],
      })

    it('tells every group what was committed, whole and in order, whether it came before or after them', async () => {
      const received: Envelope[] = []
      const other = new Inbox()
      await append(event('1'), event('2'))
      await listen()
      await fixture.events().subscribe({
        topic,
        group: `${group}-other`,
        handlers: [
          onEvent(said(), async (_, envelope) => {
            received.push(envelope)
            other.take(envelope.id)
          }),
        ],
      })
      const last = event('3', 'k', { traceId: 'trace-1' })
      await append(last)
      await Promise.all([inbox.has(3), other.has(3)])
      expect(inbox.seen).toEqual(['1', '2', '3'])
      expect(received.at(-1)).toEqual(last)
    })

    it('tells nothing of a transaction that was rolled back', async () => {
      await listen()
      const rolledBack = fixture.transaction(async (transaction) => {
        await fixture.events().append(transaction, [event('never')])
        throw new Error('changed my mind')
      })
      await expect(rolledBack).rejects.toThrow('changed my mind')
      await append(event('after'))
      await inbox.has(1)
      expect(inbox.seen).toEqual(['after'])
    })

    it('tells nothing before the commit', async () => {
      await listen()
      await fixture.transaction(async (transaction) => {
        await fixture.events().append(transaction, [event('soon')])
        await new Promise((resolve) => setTimeout(resolve, 50))
        expect(inbox.seen).toEqual([])
      })
      await inbox.has(1)
    })

    it('tells an event twice appended once', async () => {
      const twice = event('once')
      await listen()
      await append(twice)
      await append(twice, event('next'))
      await inbox.has(2)
      expect(inbox.seen).toEqual(['once', 'next'])
    })

    it('tries again what failed, and lets nothing of the key overtake it', async () => {
      let failures = 2
      await listen(async (text) => {
        if (text === '2' && failures-- > 0) throw new Error('not yet')
      })
      await append(event('1'), event('2'), event('3'))
      await inbox.has(3)
      expect(inbox.seen).toEqual(['1', '2', '3'])
      expect(failures).toBe(-1)
      expect(await fixture.deadLetters(group)).toEqual([])
    })

    it('puts an event aside that fails on its last attempt, says why, and goes on', async () => {
      let tries = 0
      await listen(
        async (text) => {
          if (text === 'bad') throw new Error(`no ${++tries}`)
        },
        { attempts: 3 },
      )
      const bad = event('bad')
      await append(bad, event('good'))
      await inbox.has(1)
      expect(inbox.seen).toEqual(['good'])
      expect(await fixture.deadLetters(group)).toEqual([{ eventId: bad.id, reason: 'no 3', attempts: 3 }])
    })

    it('puts aside at once what no attempt can help: rejected, unreadable, of an unknown version', async () => {
      let tries = 0
      await listen(async (text) => {
        tries++
        if (text === 'rejected') throw new EventRejected('cannot be')
      })
      const bad = [
        event('rejected'),
        event('', 'k', { payload: { words: 'no text' } }),
        event('new', 'k', { version: 2 }),
      ]
      await append(...bad, event('good'))
      await inbox.has(1)
      const found = await fixture.deadLetters(group)
      expect(found).toHaveLength(bad.length)
      const letters = bad.map((one) => found.find((letter) => letter.eventId === one.id))
      expect(letters.map((letter) => letter?.attempts)).toEqual([1, 1, 1])
      expect(letters[0]?.reason).toBe('cannot be')
      expect(letters[1]?.reason).toMatch(/does not parse.*text/s)
      expect(letters[2]?.reason).toMatch(/version 2/)
      expect(tries).toBe(2)
    })

    it('passes over what no handler is for', async () => {
      await listen()
      await append(event('other', 'k', { type: 'thing.done' }), event('mine'))
      await inbox.has(1)
      expect(inbox.seen).toEqual(['mine'])
      expect(await fixture.deadLetters(group)).toEqual([])
    })

    it('counts a handler that does not answer in time as failed', async () => {
      let aborted = false
      await listen(
        async (text, signal) => {
          if (text !== 'slow') return
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          aborted = true
          throw new Error('too late')
        },
        { attempts: 1, handlerTimeoutMs: 20 },
      )
      await append(event('slow'), event('next'))
      await inbox.has(1)
      expect(aborted).toBe(true)
      const [letter] = await fixture.deadLetters(group)
      expect(letter?.reason).toMatch(/longer than 20 ms/)
    })

    it('goes on after a restart where it stopped', async () => {
      await listen()
      await append(event('1'), event('2'))
      await inbox.has(2)
      await fixture.restart()
      await append(event('3'))
      await listen()
      await inbox.has(3)
      expect(inbox.seen).toEqual(['1', '2', '3'])
    })

    it('tells again what was under way when it was closed, whose signal says so', async () => {
      const begun = new Inbox()
      await listen(async (text, signal) => {
        begun.take(text)
        if (text === '2')
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      })
      await append(event('1'), event('2'))
      await begun.has(2)
      await fixture.restart()
      expect(inbox.seen).toEqual(['1'])
      await listen()
      await inbox.has(2)
      expect(inbox.seen).toEqual(['1', '2'])
    })

    it('begins with what comes next when a group asks for that, once', async () => {
      await append(event('before'))
      await listen(undefined, { group: `${group}-old` })
      await inbox.has(1)
      const subscription = await listen(undefined, { from: 'latest' })
      await append(event('after'))
      await inbox.has(3)
      expect(inbox.seen).toEqual(['before', 'after', 'after'])
      await subscription.close()
      await append(event('while away'))
      await inbox.has(4)
      await listen(undefined, { from: 'latest' })
      await inbox.has(5)
      expect(inbox.seen.slice(3)).toEqual(['while away', 'while away'])
      expect(await fixture.deadLetters(group)).toEqual([])
    })

    it('runs a group once, and a closed subscription no more', async () => {
      const subscription = await listen()
      await expect(listen()).rejects.toMatchObject({ code: 'invalid' })
      await subscription.close()
      await append(event('1'))
      await listen()
      await inbox.has(1)
      expect(inbox.seen).toEqual(['1'])
    })

    it('keeps the order of thousands appended by many', async () => {
      await listen()
      const writers = ['a', 'b', 'c', 'd'].map(async (key) => {
        for (let i = 0; i < 10; i++) {
          await append(...Array.from({ length: 25 }, (_, index) => event(`${key} ${i * 25 + index}`, key)))
        }
      })
      await Promise.all(writers)
      await inbox.has(1000)
      for (const key of ['a', 'b', 'c', 'd']) {
        const own = inbox.seen.filter((text) => text.startsWith(key))
        expect(own).toEqual(Array.from({ length: 250 }, (_, index) => `${key} ${index}`))
      }
    })

    it('takes payloads and batches up to their limits and refuses more, with all that came along', async () => {
      await listen()
      const fill = (bytes: number) => ({ text: 'x'.repeat(bytes - '{"text":""}'.length) })
      await append(event('', 'k', { payload: fill(EVENT_PAYLOAD_MAX_BYTES) }))
      const tooLarge = append(event('never'), event('', 'k', { payload: fill(EVENT_PAYLOAD_MAX_BYTES + 1) }))
      await expect(tooLarge).rejects.toMatchObject({ code: 'too-large' })
      const many = Array.from({ length: EVENT_BATCH_MAX }, () => event('many'))
      await expect(append(...many, event('one'))).rejects.toMatchObject({ code: 'invalid' })
      await append(...many)
      await inbox.has(EVENT_BATCH_MAX + 1)
      expect(new Set(inbox.seen.slice(1))).toEqual(new Set(['many']))
    })

    it.each([
      ['an id with a space', { id: 'a b' }],
      ['a topic that is no name', { topic: 'Stream Events' }],
      ['version 0', { version: 0 }],
      ['an empty key', { key: '' }],
      ['a key with a line end', { key: 'a\nb' }],
      ['a time that is none', { timeMs: Number.NaN }],
      ['a payload that is no JSON', { payload: { at: new Date(0) } }],
    ])('refuses %s', async (_, more) => {
      await expect(append(event('x', 'k', more))).rejects.toMatchObject({ code: 'invalid', port: 'events' })
    })

    it('refuses handlers of another topic, two for one kind, and names that are none', async () => {
      const events = fixture.events()
      const elsewhere = onEvent({ ...said(), topic: 'elsewhere' }, async () => {})
      const handler = onEvent(said(), async () => {})
      for (const bad of [
        { topic, group, handlers: [elsewhere] },
        { topic, group, handlers: [handler, handler] },
        { topic: 'No', group, handlers: [] },
        { topic, group: '', handlers: [] },
        { topic, group, handlers: [], attempts: 0 },
      ]) {
        await expect(events.subscribe(bad)).rejects.toMatchObject({ code: 'invalid' })
      }
    })

    it('answers nobody once it is closed, and closes twice', async () => {
      const closed = fixture.events()
      await fixture.restart()
      await closed.close()
      await expect(closed.subscribe({ topic, group, handlers: [] })).rejects.toMatchObject({ code: 'closed' })
      await fixture.transaction(async (transaction) => {
        await expect(closed.append(transaction, [event('x')])).rejects.toMatchObject({ code: 'closed' })
      })
    })
  })
}
