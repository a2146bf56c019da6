import { type Database, schema } from '@streamtube/db/index.ts'
import { count, inArray } from 'drizzle-orm'
import type { Metrics } from '../metrics.ts'

const { broadcasts, jobs } = schema

const OPEN = ['offered', 'live', 'interrupted'] as const

/** Shows what the library has under way, looked up at each scrape. */
export function measureLibrary(metrics: Metrics, db: Database): void {
  metrics.gauge({
    name: 'broadcasts',
    help: 'Broadcasts with a publisher: offered (no picture yet), live or interrupted (the encoder is away)',
    labelNames: ['state'],
    async collect(gauge) {
      const rows = await db
        .select({ state: broadcasts.state, count: count() })
        .from(broadcasts)
        .where(inArray(broadcasts.state, OPEN))
        .groupBy(broadcasts.state)
      for (const state of OPEN) {
        gauge.set({ state }, rows.find((row) => row.state === state)?.count ?? 0)
      }
    },
  })
  metrics.gauge({
    name: 'jobs',
    help: 'Jobs for the transcode role by state; failed ones of the last 7 days',
    labelNames: ['state'],
    async collect(gauge) {
      const rows = await db
        .select({ state: jobs.state, count: count() })
        .from(jobs)
        .where(inArray(jobs.state, ['queued', 'running', 'failed']))
        .groupBy(jobs.state)
      for (const state of ['queued', 'running', 'failed']) {
        gauge.set({ state }, rows.find((row) => row.state === state)?.count ?? 0)
      }
    },
  })
}
