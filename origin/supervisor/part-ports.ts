import { type Config, metricsOrder, type Part } from '../config.ts'
import { findFreePorts } from './free-ports.ts'

/** Loopback ports between the parts: chosen once, so that a part that was restarted is found again. */
export interface PartPorts {
  api: number
  rpc: number
  ingest: number
  web: number
  metrics: Record<Part, number>
}

/** Chooses them; metrics ports count up from METRICS_PORT unless that is 0. */
export async function choosePartPorts({ metricsPort }: Pick<Config, 'metricsPort'>): Promise<PartPorts> {
  const [api = 0, rpc = 0, ingest = 0, web = 0, ...free] = await findFreePorts(4 + metricsOrder.length)
  const metrics = metricsOrder.map((part, i) => [part, metricsPort === 0 ? free[i] : metricsPort + i])
  return { api, rpc, ingest, web, metrics: Object.fromEntries(metrics) }
}
