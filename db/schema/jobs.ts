import { sql } from 'drizzle-orm'
import { doublePrecision, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { idColumn, moment } from './columns.ts'

/** Work for the transcode role. The row is the truth; events only wake workers. */
export const jobs = pgTable(
  'jobs',
  {
    id: idColumn(),
    kind: text('kind', {
      enum: ['thumbnail', 'package', 'clip-picture', 'clip-export', 'storyboard'],
    }).notNull(),
    /** What it is about (a video's or a clip's id): one job of a kind and subject waits or runs at a time. */
    subject: text('subject').notNull(),
    task: jsonb('task').notNull(),
    state: text('state', { enum: ['queued', 'running', 'done', 'failed'] }).notNull(),
    /** Not before this. */
    runAt: moment('run_at').notNull(),
    /** How often it was started. */
    attempt: integer('attempt').notNull().default(0),
    maxAttempts: integer('max_attempts').notNull(),
    workerId: text('worker_id'),
    leaseUntil: moment('lease_until'),
    progress: doublePrecision('progress').notNull().default(0),
    error: text('error'),
    createdAt: moment('created_at').notNull(),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    uniqueIndex('jobs_active')
      .on(table.kind, table.subject)
      .where(sql`${table.state} in ('queued', 'running')`),
    index('jobs_queue').on(table.runAt, table.id).where(sql`${table.state} = 'queued'`),
    index('jobs_leases').on(table.leaseUntil).where(sql`${table.state} = 'running'`),
    index('jobs_subject').on(table.kind, table.subject, table.createdAt),
    index('jobs_finished').on(table.finishedAt).where(sql`${table.state} in ('done', 'failed')`),
  ],
)
