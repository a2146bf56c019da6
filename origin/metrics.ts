import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as prom from 'prom-client'

export type Labels = Record<string, string | number>

export interface Counter {
  inc(value?: number): void
  inc(labels: Labels, value?: number): void
}
export interface Gauge extends Counter {
  dec(value?: number): void
  dec(labels: Labels, value?: number): void
  set(value: number): void
  set(labels: Labels, value: number): void
  remove(labels: Labels): void
}
export interface Histogram {
  observe(value: number): void
  observe(labels: Labels, value: number): void
}

export interface MetricOptions {
  /** Snake case with its unit, e.g. `ingest_received_bytes_total`; `streamtube_` is put before it. */
  name: string
  help: string
  labelNames?: readonly string[]
}

/** A process's metrics. Declare each one next to what it measures; a name may be declared once. */
export interface Metrics {
  counter(options: MetricOptions): Counter
  /** `collect` is called before each scrape, for values that are cheaper to look up than to follow. */
  gauge(options: MetricOptions & { collect?: (gauge: Gauge) => void | Promise<void> }): Gauge
  /** `buckets` are upper bounds in the unit that the name says. */
  histogram(options: MetricOptions & { buckets?: number[] }): Histogram
  /** Everything in the Prometheus text format. */
  text(): Promise<string>
}

/** Makes the registry of one process, with the runtime's own metrics (CPU, memory, event loop, collector) in it. */
export function createMetrics(processName: string): Metrics {
  const registry = new prom.Registry()
  registry.setDefaultLabels({ process: processName })
  prom.collectDefaultMetrics({ register: registry })
  const common = ({ name, help, labelNames = [] }: MetricOptions) => ({
    name: `streamtube_${name}`,
    help,
    labelNames: [...labelNames],
    registers: [registry],
  })
  return {
    counter: (options) => new prom.Counter(common(options)),
    gauge({ collect, ...options }) {
      const gauge: Gauge = new prom.Gauge({
        ...common(options),
        ...(collect && { collect: () => collect(gauge) }),
      })
      return gauge
    },
    histogram: ({ buckets, ...options }) =>
      new prom.Histogram({ ...common(options), ...(buckets && { buckets }) }),
    text: () => registry.metrics(),
  }
}

export interface MetricsServer {
  port: number
  close(): Promise<void>
}

/**
 * Serves `/metrics`, `/healthz` (the process answers) and `/readyz` (it can do its work) on loopback.
 * @param ready asked at each `/readyz`; an error counts as not ready
 * @throws the listen error when the port is taken
 */
export async function serveMetrics(
  metrics: Metrics,
  { port, ready }: { port: number; ready: () => boolean | Promise<boolean> },
): Promise<MetricsServer> {
  const server = createServer(async (request, response) => {
    const [status, type, body] = await answer(request.url ?? '/', metrics, ready)
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  url: string,
  metrics: Metrics,
  ready: () => boolean | Promise<boolean>,
): Promise<[number, string, string]> {
  const text = 'text/plain; charset=utf-8'
  if (url === '/metrics') return [200, prom.Registry.PROMETHEUS_CONTENT_TYPE, await metrics.text()]
  if (url === '/healthz') return [200, text, 'ok\n']
  if (url !== '/readyz') return [404, text, 'not found\n']
  const isReady = await Promise.resolve()
    .then(ready)
    .catch(() => false)
  return isReady ? [200, text, 'ready\n'] : [503, text, 'not ready\n']
}
