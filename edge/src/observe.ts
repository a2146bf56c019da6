import { REQUEST_ID_HEADER } from '@streamtube/contracts/headers.ts'
import type { MiddlewareHandler } from 'hono'
import type { Env } from './env.ts'
import { hideTokens } from './log.ts'
import type { Cell, Metrics } from './metrics.ts'
import type { RouteClass, SiteTypes } from './site.ts'

const DURATION_BUCKETS_SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30]

export interface RequestMetrics {
  count(route: RouteClass, status: number): void
  /** Time until the headers of an answer that was not media. */
  took(route: RouteClass, seconds: number): void
  inFlight: Cell
}

/** Counts requests by kind of route and status, and those that wait. */
export function createRequestMetrics(metrics: Metrics): RequestMetrics {
  const requests = metrics.counter({
    name: 'edge_requests_total',
    help: 'Requests answered, by kind of route and status.',
    labelNames: ['route', 'status'],
  })
  const inFlight = metrics.gauge({
    name: 'edge_requests_in_flight',
    help: 'Requests that wait for their answer.',
  })
  const duration = metrics.histogram({
    name: 'edge_request_duration_seconds',
    help: 'Time until an answer began, by kind of route; media apart, which waits on purpose.',
    labelNames: ['route'],
    buckets: DURATION_BUCKETS_SECONDS,
  })
  const cells: Record<RouteClass, Map<number, Cell>> = {
    media: new Map(),
    playback: new Map(),
    api: new Map(),
    thumbnail: new Map(),
    asset: new Map(),
    page: new Map(),
    none: new Map(),
  }
  return {
    count(route, status) {
      const known = cells[route].get(status)
      if (known) return known.inc()
      const cell = requests.labels(route, String(status))
      cells[route].set(status, cell)
      cell.inc()
    },
    took: (route, seconds) => duration.labels(route).observe(seconds),
    inFlight: inFlight.labels(),
  }
}

/**
 * Gives a request its id, and its line in the log when it is over: method, path, status, time. Never the query, which
 * may hold a one-time link.
 */
export function observe({ newId, nowMs, log }: Env): MiddlewareHandler<SiteTypes> {
  return async (context, next) => {
    const requestId = newId()
    context.set('requestId', requestId)
    const startMs = nowMs()
    await next()
    context.header(REQUEST_ID_HEADER, requestId)
    const { status } = context.res
    const fields = {
      requestId,
      method: context.req.method,
      path: hideTokens(context.env.url.pathname),
      status,
      durationMs: nowMs() - startMs,
    }
    log.debug(fields, 'Answered')
  }
}
