import { newId } from '@streamtube/contracts/ids.ts'
import { connect, type OpenDatabase } from '@streamtube/db/index.ts'
import { eventPositions, outbox } from '@streamtube/db/schema/events.ts'
import { asc, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { onEvent } from './event.ts'
import { openOutboxEvents } from './outbox.ts'
import { givePositions, readEvents } from './outbox-store.ts'
import type { Envelope } from './port.ts'

const happened = { topic: 'case', type: 'it.happened', version: 1, payload: z.object({}) }
const event = (id: string, timeMs = Date.now()): Envelope => ({
  id,
  topic: 'case',
  type: 'it.happened',
  version: 1,
  timeMs,
  key: 'k',
  traceId: null,
  payload: {},
})

describe('events in the database', () => {
  let database: OpenDatabase
  beforeAll(async () => {
    database = await connect('pglite:memory')
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    await database.db.delete(outbox)
    await database.db.delete(eventPositions)
  })

  const write = (id: string) => database.db.insert(outbox).values({ ...event(id), at: new Date() })
  const told = async () => (await readEvents(database.db, 'case', 0, 100)).map((one) => one.event.id)

  it('an event of a transaction that still runs holds nothing back for good and is not skipped', async () => {
    // One connection can't have two transactions: the first row is given the number of one that is still to come.
    await write('early')
    await database.db
      .update(outbox)
      .set({ transactionId: sql`'1000000'::xid8` })
      .where(eq(outbox.id, 'early'))
    await write('late')
    expect(await givePositions(database.db, 100)).toEqual(['case'])
    expect(await told()).toEqual(['late'])
    await database.db.update(outbox).set({ transactionId: sql`'3'::xid8` }).where(eq(outbox.id, 'early'))
    await givePositions(database.db, 100)
    expect(await told()).toEqual(['late', 'early'])
    expect(await givePositions(database.db, 100)).toEqual([])
  })

  it('gives positions in the order of writing, a batch at a time', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) await write(id)
    await givePositions(database.db, 2)
    expect(await told()).toEqual(['a', 'b'])
    await givePositions(database.db, 100)
    expect(await told()).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('deletes what is past its time once every group has seen it, and positions go on rising', async () => {
    let nowMs = Date.now()
    const seen: string[] = []
    const events = openOutboxEvents({ database: database.db, now: () => nowMs, backOffMs: () => 1 })
    const append = (one: Envelope) =>
      database.db.transaction((transaction) => events.append(transaction, [one]))
    const kept = async () => (await database.db.select().from(outbox)).map((row) => row.id)
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const take = onEvent(happened, async (_, { id }) => {
      seen.push(id)
    })
    await events.subscribe({ topic: 'case', group: 'quick', handlers: [take] })
    await events.subscribe({ topic: 'case', group: 'slow', handlers: [onEvent(happened, () => held)] })
    const [first, second, third] = [newId(), newId(), newId()]
    await append(event(first))
    nowMs += 8 * 86_400_000
    await append(event(second, nowMs))
    await vi.waitFor(() => expect(seen).toEqual([first, second]))
    expect(await kept()).toEqual([first, second])
    letGo()
    await vi.waitFor(async () => expect(await kept()).toContain(second))
    nowMs += 600_000
    await vi.waitFor(async () => expect(await kept()).toEqual([second]), { timeout: 5000 })
    nowMs += 8 * 86_400_000
    await vi.waitFor(async () => expect(await kept()).toEqual([]), { timeout: 5000 })
    await append(event(third, nowMs))
    await vi.waitFor(() => expect(seen).toEqual([first, second, third]))
    await events.close()
  })

  it('tells a committed event within a tenth of a second', async () => {
    const events = openOutboxEvents({ database: database.db })
    const tookMs = await new Promise<number>((resolve) => {
      let writtenMs = 0
      const handler = onEvent(happened, async () => resolve(performance.now() - writtenMs))
      void events.subscribe({ topic: 'case', group: 'g', handlers: [handler] }).then(async () => {
        await database.db.transaction((transaction) => events.append(transaction, [event(newId())]))
        writtenMs = performance.now()
      })
    })
    expect(tookMs).toBeLessThan(100)
    await events.close()
  })

  it('keeps failing attempts over a restart', async () => {
    const open = () => openOutboxEvents({ database: database.db, backOffMs: () => 60_000 })
    const fails = onEvent(happened, () => Promise.reject(new Error('no')))
    let events = open()
    await events.subscribe({ topic: 'case', group: 'g', handlers: [fails] })
    await database.db.transaction((transaction) => events.append(transaction, [event(newId())]))
    const attempts = async () =>
      (await database.db.select().from(eventPositions).orderBy(asc(eventPositions.group)))[0]?.attempts
    await vi.waitFor(async () => expect(await attempts()).toBe(1))
    await events.close()
    events = open()
    await events.subscribe({ topic: 'case', group: 'g', handlers: [fails] })
    await vi.waitFor(async () => expect(await attempts()).toBe(2))
    await events.close()
  })

  it('outlives a database that fails, says so, and answers with a code', async () => {
    const broken = await connect('pglite:memory')
    const errors: unknown[] = []
    const events = openOutboxEvents({ database: broken.db, onError: (error) => errors.push(error) })
    await events.subscribe({ topic: 'case', group: 'g', handlers: [onEvent(happened, async () => {})] })
    await broken.close()
    await expect(events.subscribe({ topic: 'case', group: 'h', handlers: [] })).rejects.toMatchObject({
      code: 'unavailable',
    })
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), { timeout: 5000 })
    await events.close()
  })
})
