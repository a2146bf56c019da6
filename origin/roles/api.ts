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
  streamEnded,
  streamStarted,
  tendBroadcasts,
  type Work,
} from '../library/index.ts'
import { onEvent } from '../ports/events/event.ts'
import {
  expireReplays,
  giveUpUnarchived,
  keepFree,
  type RetentionDeps,
  sweepRemovals,
  trimUnarchived,
} from '../retention/index.ts'
import { deleteOldRevocations } from '../revocations/index.ts'
import type { StartRole } from '../role.ts'
import { callTimes } from '../rpc/guard.ts'
import { serveRpc } from '../rpc/server.ts'
import { createEdgeTokenVerifier } from '../trust/edge-token.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const MIB = 1024 * 1024

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
  const leftovers = await events.subscribe({
    topic: streamEnded.topic,
    group: 'retention.unarchived',
    handlers: [
      onEvent(streamEnded, ({ broadcastId }) => giveUpUnarchived(library.db, { broadcastId, nowMs: now() })),
    ],
  })
  const rpcServer = await serveRpc(config.rpcPort, rpc)
  const httpServer = await serveApi(config.apiPort, app, rpc)
  const retention: RetentionDeps = { ...library, closing: closing.signal }
  const house = keepHouse(
    [...chores(library, work), ...keepingChores(retention, config.diskFreeMinMib * MIB)],
    log,
  )

  return {
    ready: () => !closing.signal.aborted,
    async close() {
      closing.abort()
      await Promise.all([httpServer.close(), rpcServer.close()])
      await house.close()
      await pictures.close()
      await leftovers.close()
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

/** What deletes: the disk is looked at more often than a broadcast fills what is kept free. */
function keepingChores(retention: RetentionDeps, minFreeBytes: number) {
  return [
    { name: 'removals', everyMs: SECOND_MS, run: () => sweepRemovals(retention) },
    { name: 'disk', everyMs: 5 * SECOND_MS, run: () => keepFree(retention, minFreeBytes) },
    { name: 'unarchived', everyMs: MINUTE_MS / 2, run: () => trimUnarchived(retention) },
    { name: 'old replays', everyMs: MINUTE_MS, run: () => expireReplays(retention) },
  ]
}
