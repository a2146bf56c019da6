import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Logger } from '../origin/log.ts'
import type { Metrics } from '../origin/metrics.ts'
import type { RoleContext, RunningRole } from '../origin/role.ts'
import { runProcess } from '../origin/role-process.ts'

/** A request as the pages' hooks see it (`event.platform.req`): with the log line's ids already in it. */
export type WebRequest = IncomingMessage & { log?: Logger }

const folder = fileURLToPath(new URL('.', import.meta.url))

/**
 * The web role: serves the built pages (`web/build`), or with `--dev` the sources with hot reload, on loopback. Only
 * the edge talks to it.
 */
async function startWeb({ config, log, metrics }: RoleContext): Promise<RunningRole> {
  const server = createServer()
  const pages = process.argv.includes('--dev') ? await developmentPages(server) : await builtPages()
  server.on('request', observe(metrics, log, behindEdge(config.publicUrl, pages.handler)))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.webPort, '127.0.0.1', resolve)
  })
  return {
    ready: () => server.listening,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeIdleConnections()
      })
      await pages.close()
    },
  }
}

interface Pages {
  handler: RequestListener
  close(): Promise<void>
}

async function builtPages(): Promise<Pages> {
  // The adapter reads its settings when it is imported.
  process.env.PROTOCOL_HEADER = 'x-forwarded-proto'
  process.env.HOST_HEADER = 'x-forwarded-host'
  const built = new URL('./build/handler.js', import.meta.url).href
  const { handler } = (await import(built)) as { handler: RequestListener }
  return { handler, close: async () => undefined }
}

async function developmentPages(server: Server): Promise<Pages> {
  process.chdir(folder)
  const { createServer: createVite } = await import('vite')
  const vite = await createVite({ server: { middlewareMode: true, hmr: { server } } })
  return { handler: vite.middlewares, close: () => vite.close() }
}

/** Without the edge's word on it, the pages believe that they are seen at PUBLIC_URL. */
function behindEdge(publicUrl: string, next: RequestListener): RequestListener {
  const { protocol, host } = new URL(publicUrl)
  return (request, response) => {
    request.headers['x-forwarded-proto'] ??= protocol.slice(0, -1)
    request.headers['x-forwarded-host'] ??= host
    next(request, response)
  }
}

function observe(metrics: Metrics, log: Logger, next: RequestListener): RequestListener {
  const seconds = metrics.histogram({
    name: 'web_request_duration_seconds',
    help: 'Time to answer a request for a page or an asset',
    labelNames: ['status'],
  })
  return (request: WebRequest, response: ServerResponse) => {
    const startedAt = performance.now()
    request.log = log.child({ requestId: request.headers['x-request-id'] })
    response.once('close', () => {
      const durationMs = performance.now() - startedAt
      seconds.observe({ status: `${Math.floor(response.statusCode / 100)}xx` }, durationMs / 1000)
      const path = request.url?.split('?', 1)[0]
      request.log?.debug(
        { method: request.method, path, status: response.statusCode, durationMs },
        'answered',
      )
    })
    next(request, response)
  }
}

await runProcess('web', async () => startWeb)
