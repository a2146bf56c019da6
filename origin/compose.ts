import { connect, type Database, type OpenDatabase, type Transaction } from '@streamtube/db/index.ts'
import { openByScheme } from './compose-blobs.ts'
import { openJsonbDocs } from './ports/docs/jsonb.ts'
import type { Docs } from './ports/docs/port.ts'
import { openOutboxEvents } from './ports/events/outbox.ts'
import type { Events } from './ports/events/port.ts'
import { openEmbeddedKv } from './ports/kv/embedded.ts'
import type { Kv } from './ports/kv/port.ts'
import type { RoleContext } from './role.ts'

export { openBlobs, openByScheme } from './compose-blobs.ts'

type Context = Pick<RoleContext, 'config' | 'log'>

/** Opens the database, in its newest schema. */
export function openDatabase({ config }: Context): Promise<OpenDatabase> {
  return openByScheme('DB_URL', config.dbUrl, {
    'pglite:': () => connect(config.dbUrl),
  })
}

/** Opens the kv. */
export function openKv({ config, log }: Context): Promise<Kv> {
  return openByScheme('KV_URL', config.kvUrl, {
    'embedded:': (directory) =>
      openEmbeddedKv({
        directory,
        onDamage: (lostBytes) => log.warn({ lostBytes }, "the kv's log was cut short by a crash"),
        onError: (error) => log.error({ err: error }, "the kv's log could not be written"),
      }),
  })
}

/** Opens docs; `database` is closed by whoever opened it, after this. */
export function openDocs({ config }: Context, database: Database): Docs {
  return openByScheme('DOCS_URL', config.docsUrl, {
    'db:': () => openJsonbDocs(database),
  })
}

/** Opens events; `database` is closed by whoever opened it, after this. */
export function openEvents({ config, log }: Context, database: Database): Events<Transaction> {
  return openByScheme('EVENTS_URL', config.eventsUrl, {
    'db:': () =>
      openOutboxEvents({
        database,
        onError: (error, event) => log.warn({ err: error, eventId: event?.id }, 'an event is tried again'),
        onDeadLetter: (event, reason) =>
          log.error(
            { eventId: event.id, type: event.type, reason },
            'an event was put aside as a dead letter',
          ),
      }),
  })
}
