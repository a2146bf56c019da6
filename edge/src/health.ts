import { METRICS_CONTENT_TYPE, type Metrics } from './metrics.ts'

/** Answers `/metrics`, `/healthz` (the process answers) and `/readyz` (it takes viewers). Only ever on loopback. */
export function answerHealth(request: Request, metrics: Metrics, isReady: () => boolean): Response {
  switch (new URL(request.url).pathname) {
    case '/metrics':
      return new Response(metrics.text(), { headers: { 'content-type': METRICS_CONTENT_TYPE } })
    case '/healthz':
      return new Response('ok\n')
    case '/readyz':
      return isReady() ? new Response('ready\n') : new Response('not ready\n', { status: 503 })
    default:
      return new Response('not found\n', { status: 404 })
  }
}
