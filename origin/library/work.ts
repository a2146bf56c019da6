import { schema } from '@streamtube/db/index.ts'
import { and, eq, isNotNull, isNull, lt, notExists, or, sql } from 'drizzle-orm'
import type { LibraryDeps } from './deps.ts'
import {
  claimJob,
  enqueueJob,
  failAbandonedJobs,
  finishJob,
  type JobRow,
  type JobTask,
  type Outcome,
} from './jobs.ts'
import { queueStoryboards } from './storyboard-queue.ts'

const { broadcasts, jobs, videos } = schema

/** How often a live broadcast gets a new picture. */
const THUMBNAIL_EVERY_MS = 120_000
const THUMBNAIL_ATTEMPTS = 3
/** How long a claim sleeps at most before it looks again: another api process may have queued something. */
const LOOK_AGAIN_MS = 1_000

/** Streams of sound alone have no width. */
const hasPicture = isNotNull(videos.width)

/** A task with what a worker needs to know now. */
type ReadyTask = JobTask & { liveUrl: string }

/** Hands jobs to workers. */
export interface Work {
  /** Waits up to `waitMs` for a job; null when there was none, or `signal` ended the wait. */
  claim(
    workerId: string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<{ job: JobRow; task: ReadyTask } | null>
  finish(outcome: Omit<Outcome, 'nowMs'>): Promise<void>
  /** Wakes the claims that wait: there is something new. */
  wake(): void
  /** Queues a picture of a broadcast that just went live. */
  queueThumbnail(videoId: string): Promise<void>
  /** Queues what is due, fails what was abandoned. */
  sweep(): Promise<void>
}

export function createWork(deps: LibraryDeps): Work {
  const { db, now } = deps
  let news = Promise.withResolvers<void>()

  function wake(): void {
    news.resolve()
    news = Promise.withResolvers()
  }

  async function claimOnce(workerId: string): Promise<{ job: JobRow; task: ReadyTask } | null> {
    for (;;) {
      const claimed = await claimJob(db, { workerId, nowMs: now() })
      if (!claimed) return null
      const liveUrl = await liveUrlFor(claimed.task)
      if (liveUrl !== null) return { job: claimed.job, task: { ...claimed.task, liveUrl } }
      // The broadcast ended while the job waited: there is nothing to take a picture of.
      await finishJob(db, {
        jobId: claimed.job.id,
        workerId,
        error: null,
        retryable: false,
        nowMs: now(),
      })
    }
  }

  async function liveUrlFor(task: JobTask): Promise<string | null> {
    if (task.kind !== 'thumbnail') return ''
    const [row] = await db
      .select({ nodeUrl: broadcasts.nodeUrl })
      .from(broadcasts)
      .where(and(eq(broadcasts.id, task.videoId), eq(broadcasts.state, 'live')))
    return row?.nodeUrl ?? null
  }

  async function giveUp(job: JobRow): Promise<void> {
    deps.log.warn({ jobId: job.id, kind: job.kind, subject: job.subject, error: job.error }, 'job failed')
    if (job.kind !== 'package') return
    await db
      .update(videos)
      .set({ state: 'failed' })
      .where(and(eq(videos.id, job.subject), eq(videos.state, 'processing')))
  }

  return {
    wake,

    async claim(workerId, waitMs, signal) {
      const deadline = performance.now() + waitMs
      for (;;) {
        const claimed = await claimOnce(workerId)
        if (claimed || signal.aborted) return claimed
        const leftMs = deadline - performance.now()
        if (leftMs <= 0) return null
        await either(news.promise, Math.min(leftMs, LOOK_AGAIN_MS), signal)
      }
    },

    async finish(outcome) {
      const failed = await db.transaction((tx) => finishJob(tx, { ...outcome, nowMs: now() }))
      if (failed) await giveUp({ ...failed, error: outcome.error })
    },

    async queueThumbnail(videoId) {
      const [video] = await db
        .select({ id: videos.id })
        .from(videos)
        .where(and(eq(videos.id, videoId), hasPicture))
      if (!video) return
      const task = { kind: 'thumbnail', videoId } as const
      if (await enqueueJob(db, { task, nowMs: now(), maxAttempts: THUMBNAIL_ATTEMPTS })) wake()
    },

    async sweep() {
      for (const job of await failAbandonedJobs(db, now())) await giveUp(job)
      const recent = new Date(now() - THUMBNAIL_EVERY_MS)
      const tried = db
        .select({ one: sql`1` })
        .from(jobs)
        .where(
          and(
            eq(jobs.kind, 'thumbnail'),
            eq(jobs.subject, videos.id),
            sql`${jobs.createdAt} > ${recent.toISOString()}::timestamptz`,
          ),
        )
      const due = await db
        .select({ id: videos.id })
        .from(videos)
        .where(
          and(
            eq(videos.state, 'live'),
            hasPicture,
            or(isNull(videos.thumbnailAt), lt(videos.thumbnailAt, recent)),
            notExists(tried),
          ),
        )
      for (const { id } of due) await this.queueThumbnail(id)
      if (await queueStoryboards(db, now())) wake()
    },
  }
}

/** Waits for the news, the time or the signal, whichever comes first. */
async function either(news: Promise<void>, waitMs: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, waitMs)
  const onAbort = () => over.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([news, over.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
