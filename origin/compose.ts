import { connect, type Database, type OpenDatabase, type Transaction } from '@streamtube/db/index.ts'
import { ConfigError } from './config.ts'
import { openFileBlobs } from './ports/blobs/file.ts'
import type { Blobs } from './ports/blobs/port.ts'
import { openJsonbDocs } from './ports/docs/jsonb.ts'
import type { Docs } from './ports/docs/port.ts'
import { openOutboxEvents } from './ports/events/outbox.ts'
import type { Events } from './ports/events/port.ts'
import { openEmbeddedKv } from './ports/kv/embedded.ts'
import type { Kv } from './ports/kv/port.ts'
import type { RoleContext } from './role.ts'

type Context = Pick<RoleContext, 'config' | 'log'>

/**
 * Picks an adapter by the scheme of its URL and opens it with what follows the scheme. A new vendor is one line in one
 * of the tables below.
 * @throws ConfigError that names the variable and the schemes it takes
 */
export function openByScheme<Adapter>(
  variable: string,
  url: string,
  adapters: Record<string, (rest: string) => Adapter>,
): Adapter {
  const end = url.indexOf(':') + 1
  const scheme = url.slice(0, end)
  const open = Object.hasOwn(adapters, scheme) ? adapters[scheme] : undefined
  if (open) return open(url.slice(end))
  throw new ConfigError(variable, `must begin with ${Object.keys(adapters).join(' or ')}, not "${scheme}"`)
}

/** Opens the database, in its newest schema. */
export function openDatabase({ config }: Context): Promise<OpenDatabase> {
  return openByScheme('DB_URL', config.dbUrl, {
    'pglite:': () => connect(config.dbUrl),
  })
}

/** Opens blobs. Several processes may share them. */
export function openBlobs({ config }: Context): Promise<Blobs> {
  return openByScheme('BLOBS_URL', config.blobsUrl, {
    'file:': (folder) => openFileBlobs({ folder }),
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
