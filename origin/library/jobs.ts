import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, asc, eq, inArray, lt, lte, or, sql } from 'drizzle-orm'
import { z } from 'zod'

const { jobs } = schema

export type JobRow = typeof jobs.$inferSelect

/** What a job is for. */
const jobTaskSchema = z.discriminatedUnion('kind', [
  /** Make a picture of a live broadcast. */
  z.object({ kind: z.literal('thumbnail'), videoId: z.string() }),
  /** Package a file that lies in blobs. */
  z.object({ kind: z.literal('package'), videoId: z.string(), timelineId: z.string(), blobKey: z.string() }),
  /** Make sheets of small pictures of what has none yet. */
  z.object({ kind: z.literal('storyboard'), videoId: z.string() }),
  /** Make a picture of a clip's first frame. */
  z.object({ kind: z.literal('clip-picture'), clipId: z.string() }),
  /** Make a file of a clip, exact to the frame. */
  z.object({ kind: z.literal('clip-export'), clipId: z.string() }),
])
export type JobTask = z.infer<typeof jobTaskSchema>

/** What a job is about: one of a kind and subject waits or runs at a time. */
function subjectOf(task: JobTask): string {
  return 'clipId' in task ? task.clipId : task.videoId
}

/** A worker that is silent for this long has lost its job to the next one. */
export const LEASE_MS = 20_000
const MAX_BACK_OFF_MS = 5 * 60_000
/** Finished jobs are kept for this long, for people who look for what went wrong. */
const KEEP_FINISHED_MS = 7 * 24 * 3600 * 1000

/** How long to wait before the next attempt, in milliseconds. @param attempt how many there were */
export function backOffMs(attempt: number): number {
  return Math.min(MAX_BACK_OFF_MS, 1000 * 2 ** Math.max(0, attempt - 1))
}

/** Queues a job, unless one of its kind about the same waits or runs already. @returns whether it did */
export async function enqueueJob(
  db: Database,
  about: { task: JobTask; nowMs: number; maxAttempts: number },
): Promise<boolean> {
  const at = new Date(about.nowMs)
  const rows = await db
    .insert(jobs)
    .values({
      id: newId(),
      kind: about.task.kind,
      subject: subjectOf(about.task),
      task: about.task,
      state: 'queued',
      runAt: at,
      createdAt: at,
      maxAttempts: about.maxAttempts,
    })
    .onConflictDoNothing()
    .returning({ id: jobs.id })
  return rows.length > 0
}

/** Gives the longest waiting job to a worker, or one whose worker is gone; null when there is nothing to do. */
export async function claimJob(
  db: Database,
  about: { workerId: string; nowMs: number },
): Promise<{ job: JobRow; task: JobTask } | null> {
  const at = new Date(about.nowMs)
  const next = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      or(
        and(eq(jobs.state, 'queued'), lte(jobs.runAt, at)),
        and(eq(jobs.state, 'running'), lt(jobs.leaseUntil, at), lt(jobs.attempt, jobs.maxAttempts)),
      ),
    )
    .orderBy(asc(jobs.runAt), asc(jobs.id))
    .limit(1)
    .for('update', { skipLocked: true })
  const [job] = await db
    .update(jobs)
    .set({
      state: 'running',
      workerId: about.workerId,
      attempt: sql`${jobs.attempt} + 1`,
      leaseUntil: new Date(about.nowMs + LEASE_MS),
      progress: 0,
    })
    .where(inArray(jobs.id, next))
    .returning()
  return job ? { job, task: jobTaskSchema.parse(job.task) } : null
}

/** Renews a worker's lease. @returns false when the job isn't the worker's any more: it should stop */
export async function renewLease(
  db: Database,
  about: { jobId: string; workerId: string; progress: number; nowMs: number },
): Promise<boolean> {
  const rows = await db
    .update(jobs)
    .set({ leaseUntil: new Date(about.nowMs + LEASE_MS), progress: Math.min(1, Math.max(0, about.progress)) })
    .where(heldBy(about))
    .returning({ id: jobs.id })
  return rows.length > 0
}

export interface Outcome {
  jobId: string
  workerId: string
  /** Null when it went well. */
  error: string | null
  retryable: boolean
  nowMs: number
}

/**
 * Takes a worker's result: done, another attempt later, or failed for good. A worker that lost its job changes nothing.
 * @returns the job if this failed it for good
 */
export async function finishJob(db: Database, outcome: Outcome): Promise<JobRow | null> {
  const [job] = await db.select().from(jobs).where(heldBy(outcome)).for('update')
  if (!job) return null
  const { error, nowMs } = outcome
  const again = error !== null && outcome.retryable && job.attempt < job.maxAttempts
  const state = error === null ? 'done' : again ? 'queued' : 'failed'
  await db
    .update(jobs)
    .set({
      state,
      error: error === null ? null : error.slice(0, 2000),
      workerId: null,
      leaseUntil: null,
      ...(state === 'done' && { progress: 1 }),
      ...(again ? { runAt: new Date(nowMs + backOffMs(job.attempt)) } : { finishedAt: new Date(nowMs) }),
    })
    .where(eq(jobs.id, job.id))
  return state === 'failed' ? job : null
}

/** Fails jobs whose worker vanished in the last attempt they had. @returns them */
export async function failAbandonedJobs(db: Database, nowMs: number): Promise<JobRow[]> {
  return await db
    .update(jobs)
    .set({ state: 'failed', error: 'the worker vanished', finishedAt: new Date(nowMs) })
    .where(
      and(
        eq(jobs.state, 'running'),
        lt(jobs.leaseUntil, new Date(nowMs)),
        sql`${jobs.attempt} >= ${jobs.maxAttempts}`,
      ),
    )
    .returning()
}

/** Deletes jobs that were finished long ago. */
export async function deleteOldJobs(db: Database, nowMs: number): Promise<void> {
  await db
    .delete(jobs)
    .where(
      and(inArray(jobs.state, ['done', 'failed']), lt(jobs.finishedAt, new Date(nowMs - KEEP_FINISHED_MS))),
    )
}

function heldBy({ jobId, workerId }: { jobId: string; workerId: string }) {
  return and(eq(jobs.id, jobId), eq(jobs.workerId, workerId), eq(jobs.state, 'running'))
}
