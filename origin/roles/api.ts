import { createAccounts, createPasswords, deleteLinks, deleteOldSessions } from '../accounts/index.ts'
import { createApi } from '../api/app.ts'
import { keepHouse } from '../api/housekeeping.ts'
import { serveApi } from '../api/server.ts'
import { createAudit } from '../audit.ts'
import { sweepClips } from '../clips/index.ts'
import { openBlobs, openDatabase, openDocs, openEvents, openKv } from '../compose.ts'
import {
  createHearing,
  createWork,
  deleteOldJobs,
  type LibraryDeps,
  measureLibrary,
  streamStarted,
  tendBroadcasts,
  type Work,
} from '../library/index.ts'
import { onEvent } from '../ports/events/event.ts'
import { deleteOldRevocations } from '../revocations/index.ts'
import type { StartRole } from '../role.ts'
import { callTimes } from '../rpc/guard.ts'
import { serveRpc } from '../rpc/server.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

/** The api role: the public API, the services of the other roles, and what reacts to events. It alone has the database. */
export const startApi: StartRole = async ({ config, log, metrics }) => {
  const database = await openDatabase({ config, log })
  const kv = await openKv({ config, log })
  const blobs = await openBlobs({ config, log })
  const docs = openDocs({ config, log }, database.db)
  const events = openEvents({ config, log }, database.db)

  const now = Date.now
  const hearingSinceMs = createHearing(now)
  const library: LibraryDeps = { db: database.db, kv, blobs, events, log, now, hearingSinceMs }
  const audit = createAudit(docs, log, now)
  const passwords = await createPasswords()
  const accounts = createAccounts({ db: library.db, kv, audit, passwords, metrics, now })
  measureLibrary(metrics, library.db)
  const work = createWork(library)
  const closing = new AbortController()

  const app = createApi({
    ...library,
    accounts,
    audit,
    metrics,
    trust: createEdgeTokenVerifier(config.edgePublicJwks),
    site: { publicUrl: config.publicUrl, rtmpPort: config.rtmpPort, rtmpsPort: config.rtmpsPort },
  })
  const rpc = {
    ...library,
    accounts,
    work,
    libraryUrl: config.apiUrl,
    demo: config.demo,
    secret: config.serviceToken,
    serviceToken: config.serviceToken,
    calls: callTimes(metrics),
    closing: closing.signal,
  }
  const pictures = await events.subscribe({
    topic: streamStarted.topic,
    group: 'library.pictures',
    handlers: [onEvent(streamStarted, ({ broadcastId }) => work.queueThumbnail(broadcastId))],
  })
  const rpcServer = await serveRpc(config.rpcPort, rpc)
  const httpServer = await serveApi(config.apiPort, app, rpc)
  const house = keepHouse(chores(library, work), log)

  return {
    ready: () => !closing.signal.aborted,
    async close() {
      closing.abort()
      await Promise.all([httpServer.close(), rpcServer.close()])
      await house.close()
      await pictures.close()
      await audit.drain()
      await events.close()
      await docs.close()
      await blobs.close()
      await kv.close()
      await database.close()
    },
  }
}

function chores(library: LibraryDeps, work: Work) {
  const { db, log, now } = library
  return [
    {
      name: 'broadcasts',
      everyMs: SECOND_MS,
      async run() {
        for (const { state, ...about } of await tendBroadcasts(library)) {
          log.warn(
            about,
            state === 'interrupted' ? 'interrupted: its ingest node fell silent' : 'a broadcast is over',
          )
        }
      },
    },
    { name: 'jobs', everyMs: 5 * SECOND_MS, run: () => work.sweep() },
    {
      name: 'old rows',
      everyMs: HOUR_MS,
      async run() {
        await deleteOldSessions(db, now())
        await deleteOldRevocations(db, now())
        await deleteLinks(db, { nowMs: now() })
        await deleteOldJobs(db, now())
        await sweepClips(library)
      },
    },
  ]
}
