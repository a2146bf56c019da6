import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { join } from 'node:path'
import { root } from './run.mjs'

const page = readFileSync(join(root, 'infra', 'bootstrap', 'setup-page.html'))

/**
 * Holds the site's port with a page that shows the set-up as it goes, until `close`.
 * @param {import('./report.mjs').Report} report
 * @param {{ port: number, host: string, tls: { cert: Buffer, key: Buffer } | null }} options
 * @returns {Promise<{ close(): Promise<void> }>} rejects with the listen error
 */
export function openSetupPage(report, { port, host, tls }) {
  let watchedAt = 0
  /** @type {import('node:http').RequestListener} */
  const answer = (request, response) => {
    const isStatus = request.url === '/setup-status'
    if (isStatus) watchedAt = Date.now()
    const browses = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html')
    response.writeHead(isStatus ? 200 : 503, {
      'content-type': isStatus
        ? 'application/json'
        : browses
          ? 'text/html; charset=utf-8'
          : 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': '2',
      'x-streamtube-setup': '1',
      connection: 'close',
    })
    if (isStatus) response.end(JSON.stringify({ steps: report.steps }))
    else response.end(browses ? page : 'StreamTube is setting up.\n')
  }
  const server = tls ? createTlsServer(tls, answer) : createServer(answer)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () =>
      resolve({
        close: async () => {
          // Whoever looks on sees a failure too.
          const failed = report.steps.some((step) => step.state === 'failed')
          if (failed && Date.now() - watchedAt < 2000) await new Promise((seen) => setTimeout(seen, 700))
          await new Promise((closed) => {
            server.close(closed)
            server.closeAllConnections()
          })
        },
      }),
    )
  })
}
