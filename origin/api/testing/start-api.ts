import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EdgeService } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { IngestService } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { JobService } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { SetupService } from '@streamtube/contracts/gen/streamtube/v1/setup_pb'
import { connect } from '@streamtube/db/index.ts'
import { createAccounts, createLink, createPasswords } from '../../accounts/index.ts'
import { createAudit } from '../../audit.ts'
import { createWork, type LibraryDeps } from '../../library/index.ts'
import { createLogger } from '../../log.ts'
import { createMetrics } from '../../metrics.ts'
import { openFileBlobs } from '../../ports/blobs/file.ts'
import { openJsonbDocs } from '../../ports/docs/jsonb.ts'
import { openOutboxEvents } from '../../ports/events/outbox.ts'
import { openEmbeddedKv } from '../../ports/kv/embedded.ts'
import { connectRpc } from '../../rpc/client.ts'
import { callTimes } from '../../rpc/guard.ts'
import { serveRpc } from '../../rpc/server.ts'
import { createApi } from '../app.ts'
import { serveApi } from '../server.ts'
import { Browser } from './browser.ts'

const SERVICE_TOKEN = 'service-token-for-tests'
/** What the fixture's origin takes for a signed edge token. */
export const EDGE_TOKEN = 'an edge token for tests'

/**
 * The whole api role on free ports: database in memory, the embedded adapters in a temporary folder, and a clock that
 * tests move. The role's own housekeeping stands still: tests call it.
 * @param options `stillClock`: no time passes but what tests let pass
 */
export async function startApiForTests(options: { demo?: boolean; stillClock?: boolean } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'streamtube-api-'))
  const database = await connect('pglite:memory')
  const kv = await openEmbeddedKv({ directory: join(folder, 'kv') })
  const blobs = await openFileBlobs({ folder: join(folder, 'blobs') })
  const docs = openJsonbDocs(database.db)
  const events = openOutboxEvents({ database: database.db })
  const log = createLogger({ process: 'api', level: 'silent' })
  let aheadMs = 0
  const startMs = Date.now()
  const now = () => (options.stillClock ? startMs : Date.now()) + aheadMs

  let hearingSinceMs = 0
  const library: LibraryDeps = {
    db: database.db,
    kv,
    blobs,
    events,
    log,
    now,
    hearingSinceMs: () => hearingSinceMs,
  }
  const audit = createAudit(docs, log, now)
  const metrics = createMetrics('api')
  const passwords = await createPasswords()
  const accounts = createAccounts({ db: library.db, kv, audit, passwords, metrics, now })
  const work = createWork(library)
  const closing = new AbortController()
  const app = createApi({
    ...library,
    accounts,
    audit,
    metrics,
    trust: { verify: async (token) => token === EDGE_TOKEN },
    site: { publicUrl: 'http://localhost:8080', rtmpPort: 1935, rtmpsPort: null },
  })
  const rpc = {
    ...library,
    accounts,
    work,
    libraryUrl: 'http://127.0.0.1:1',
    demo: options.demo ?? false,
    secret: SERVICE_TOKEN,
    serviceToken: SERVICE_TOKEN,
    calls: callTimes(metrics),
    closing: closing.signal,
  }
  const rpcServer = await serveRpc(0, rpc)
  const server = await serveApi(0, app, rpc)
  const target = {
    url: `http://127.0.0.1:${rpcServer.port}`,
    serviceToken: SERVICE_TOKEN,
    deadlineMs: 10_000,
  }
  const connections = {
    ingest: connectRpc(IngestService, target),
    edge: connectRpc(EdgeService, target),
    jobs: connectRpc(JobService, target),
    setup: connectRpc(SetupService, target),
  }

  return {
    url: `http://127.0.0.1:${server.port}`,
    rpcTarget: target,
    app,
    library,
    work,
    audit,
    docs,
    ingest: connections.ingest.client,
    edge: connections.edge.client,
    jobs: connections.jobs.client,
    setup: connections.setup.client,
    now,
    /** Moves the clock on. */
    pass(ms: number): void {
      aheadMs += ms
    },
    /** As after a start: nobody could be heard before now. */
    beginToHear(): void {
      hearingSinceMs = now()
    },
    /** A browser without cookies, at an address of its own unless one is given. */
    browser: (address?: string) => new Browser(`http://127.0.0.1:${server.port}`, EDGE_TOKEN, address),
    setupLink: () => createLink(library.db, { purpose: 'setup', personId: null, nowMs: now() }),
    async close() {
      closing.abort()
      for (const connection of Object.values(connections)) connection.close()
      await Promise.all([server.close(), rpcServer.close()])
      await audit.drain()
      await events.close()
      await docs.close()
      await blobs.close()
      await kv.close()
      await database.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export type TestApi = Awaited<ReturnType<typeof startApiForTests>>
