import { connect, type Transaction } from '@streamtube/db/index.ts'
import { deadLetters } from '@streamtube/db/schema/events.ts'
import { eq } from 'drizzle-orm'
import { openOutboxEvents } from './outbox.ts'
import { eventsCases } from './port.case.ts'

eventsCases<Transaction>('in the database', async () => {
  const { db, close } = await connect('pglite:memory')
  const open = () => openOutboxEvents({ database: db, backOffMs: () => 1 })
  let events = open()
  return {
    events: () => events,
    transaction: (work) => db.transaction(work),
    deadLetters: (group) =>
      db
        .select({
          eventId: deadLetters.eventId,
          reason: deadLetters.reason,
          attempts: deadLetters.attempts,
        })
        .from(deadLetters)
        .where(eq(deadLetters.group, group)),
    restart: async () => {
      await events.close()
      events = open()
    },
    close: async () => {
      await events.close()
      await close()
    },
  }
})
