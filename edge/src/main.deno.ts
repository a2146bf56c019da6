import { END_WITH_STDIN, HANDOVER_MS, REPLACING, TAKING_VIEWERS } from '@streamtube/contracts/edge-process.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import { createApp } from './app.ts'
import { aborted, closing, drain, passed } from './drain.deno.ts'
import { forwardSocket, wantsSocket } from './forward/sockets.deno.ts'
import { answerHealth } from './health.ts'
import { importSigningKey } from './keys/jwt.ts'
import { listen, readTls, SETUP_PATIENCE_MS } from './listen.deno.ts'
import { createLog } from './log.ts'
import { createMetrics } from './metrics.ts'
import { readSettings } from './settings.ts'

/** Open requests may go on for so long after the process is told to end. */
const DRAIN_MS = 10_000
/** An edge that is replaced sends those who come by to the new one for so long, then closes what is idle. */
const LEAVE_MS = 2000
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

/** Pages hear of changes of their sources by a WebSocket. */
const isDeveloped = Deno.env.get('WATCH') === '1'
const ending = new AbortController()
const replaced = new AbortController()
let isReady = false

const health = listen({
  hostname: '127.0.0.1',
  port: portOf('METRICS_PORT', 9464),
  patienceMs: Deno.args.includes(REPLACING) ? SETUP_PATIENCE_MS : 0,
  log,
  signal: ending.signal,
  handler: (request) => answerHealth(request, metrics, () => isReady),
}).catch(endBadly)
// The one that is replaced holds the port until this one takes viewers.
if (!Deno.args.includes(REPLACING)) await health
// The runtime rejects promises that nobody holds when viewers vanish in mid-answer: not a reason to drop all the others.
globalThis.addEventListener('unhandledrejection', (event) => {
  event.preventDefault()
  log.error({ err: event.reason }, 'A failure that nobody waited for')
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  Deno.addSignalListener(signal, () => ending.abort(signal))
}
Deno.addSignalListener('SIGHUP', () => replaced.abort())
if (Deno.args.includes(END_WITH_STDIN)) void endWithStdin()

const server = await listen({
  hostname: Deno.env.get('HOST') || '0.0.0.0',
  port: portOf('PORT', 8080),
  tls: readTls(Deno.env.get('TLS_CERT'), Deno.env.get('TLS_KEY')),
  reusePort: true,
  patienceMs: SETUP_PATIENCE_MS,
  log,
  signal: ending.signal,
  handler: (request, info) => {
    if (isDeveloped && wantsSocket(request)) return forwardSocket(request, { ...settings.config, log })
    const response = app.fetch(request, () => info.remoteAddr.hostname)
    return replaced.signal.aborted ? closing(response) : response
  },
}).catch(endBadly)
if (server) {
  isReady = true
  log.info({ port: server.addr.port, metricsPort: await portIfTaken(health) }, TAKING_VIEWERS)
  await Promise.race([aborted(ending.signal), aborted(replaced.signal)])
  isReady = false
  if (!ending.signal.aborted) await handOver(server)
  else await end(server)
}
ending.abort('through')
await (await health)?.shutdown()
client.close()
log.info({}, 'Ended')
Deno.exit(0)

async function end(server: Deno.HttpServer): Promise<void> {
  log.info({ reason: ending.signal.reason }, 'Draining')
  await drain(server, { withinMs: DRAIN_MS, log })
}

/** Another edge listens on the port: lets the metrics port go, sends visitors over, and answers those who wait. */
async function handOver(server: Deno.HttpServer): Promise<void> {
  log.info({}, 'Handing over')
  void health.then((it) => it?.shutdown())
  await passed(LEAVE_MS, ending.signal)
  const hurry = { signal: ending.signal, withinMs: DRAIN_MS }
  await drain(server, { withinMs: HANDOVER_MS - LEAVE_MS, log, hurry })
}

function endBadly(err: unknown): never {
  log.error({ err }, 'Viewers can not be taken')
  Deno.exit(1)
}

/** Without waiting for one that is still held. */
async function portIfTaken(
  health: Promise<Deno.HttpServer<Deno.NetAddr> | undefined>,
): Promise<number | undefined> {
  const taken = await Promise.race([health, Promise.resolve(undefined)])
  return taken?.addr.port
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
