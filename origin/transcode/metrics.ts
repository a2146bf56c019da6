import type { Metrics } from '../metrics.ts'

/** What is counted of jobs. */
export interface TranscodeMetrics {
  finished(kind: string, outcome: string, seconds: number): void
}

export function createTranscodeMetrics(metrics: Metrics): TranscodeMetrics {
  const jobs = metrics.counter({
    name: 'transcode_jobs_total',
    help: 'Jobs by kind and how they ended',
    labelNames: ['kind', 'outcome'],
  })
  const seconds = metrics.histogram({
    name: 'transcode_job_seconds',
    help: 'How long jobs took, whatever their end',
    labelNames: ['kind'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  })
  return {
    finished(kind, outcome, tookSeconds) {
      jobs.inc({ kind, outcome })
      seconds.observe({ kind }, tookSeconds)
    },
  }
}
