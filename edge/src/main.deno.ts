import { END_WITH_STDIN } from '@streamtube/contracts/edge-process.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import { createApp } from './app.ts'
import { answerHealth } from './health.ts'
import { importSigningKey } from './keys/jwt.ts'
import { listen, readTls } from './listen.deno.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { readSettings } from './settings.ts'

/** Open requests may go on for so long after the process is told to end. */
const DRAIN_MS = 10_000
/** Below the 5 s after which Node's servers close an idle connection, so that none is used as it closes. */
const IDLE_CONNECTION_MS = 4000
const IDLE_CONNECTIONS_PER_HOST = 256
const DEFAULT_CACHE_MIB = 256

const settings = readSettings((name) => Deno.env.get(name), DEFAULT_CACHE_MIB)
const nowMs = () => Date.now()
const log = createLog({
  process: 'edge',
  level: settings.logLevel,
  nowMs,
  write: (line) => console.log(line),
})
const metrics = createMetrics('edge')
const client = Deno.createHttpClient({
  poolIdleTimeout: IDLE_CONNECTION_MS,
  poolMaxIdlePerHost: IDLE_CONNECTIONS_PER_HOST,
})
const app = createApp({
  config: settings.config,
  fetch: (url, init) => fetch(url, { ...init, client }),
  nowMs,
  newId,
  key: await importSigningKey(settings.privateJwk),
  log,
  metrics,
  sharing: 'process',
})

const ending = new AbortController()
let isReady = false

const health = Deno.serve(
  { hostname: '127.0.0.1', port: portOf('METRICS_PORT', 9464), onListen: () => {} },
  (request) => answerHealth(request, metrics, () => isReady),
)
// The runtime rejects promises that nobody holds when viewers vanish in mid-answer: not a reason to drop all the others.
globalThis.addEventListener('unhandledrejection', (event) => {
  event.preventDefault()
  log.error({ err: event.reason }, 'A failure that nobody waited for')
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  Deno.addSignalListener(signal, () => ending.abort(signal))
}
if (Deno.args.includes(END_WITH_STDIN)) void endWithStdin()

const server = await listen({
  hostname: Deno.env.get('HOST') || '0.0.0.0',
  port: portOf('PORT', 8080),
  tls: readTls(Deno.env.get('TLS_CERT'), Deno.env.get('TLS_KEY')),
  log,
  signal: ending.signal,
  handler: (request, info) => app.fetch(request, () => info.remoteAddr.hostname),
}).catch((err): never => {
  log.error({ err }, 'Viewers can not be taken')
  Deno.exit(1)
})
if (server) {
  isReady = true
  log.info({ port: server.addr.port, metricsPort: health.addr.port }, 'Taking viewers')
  await aborted(ending.signal)
  isReady = false
  log.info({ reason: ending.signal.reason }, 'Draining')
  await drain(server)
}
await health.shutdown()
client.close()
log.info({}, 'Ended')
Deno.exit(0)

/** Lets open requests finish; those that take longer than they may are cut with the process. */
async function drain(server: Deno.HttpServer): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.warn({ afterMs: DRAIN_MS }, 'Requests that were still open are cut')
      resolve()
    }, DRAIN_MS)
  })
  await Promise.race([server.shutdown(), late])
  clearTimeout(timer)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** The parent holds our standard input: when it closes, the parent is gone. */
async function endWithStdin(): Promise<void> {
  const buffer = new Uint8Array(64)
  while ((await Deno.stdin.read(buffer)) !== null);
  ending.abort('the parent is gone')
}

function portOf(name: string, fallback: number): number {
  const text = Deno.env.get(name) || String(fallback)
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`${name} must be a port number`)
  return Number(text)
}
