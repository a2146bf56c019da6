import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, isNotNull, isNull, lte, notExists, or, sql } from 'drizzle-orm'
import { enqueueJob } from './jobs.ts'

const { jobs, videos } = schema

const MINUTE_MS = 60_000
/** A finished minute has its rows by then. */
const ROWS_TRAIL_MS = 15_000
/** A live video that has nothing new is looked at again after this. */
const LIVE_EVERY_MS = 30_000
/** A video of which it could not be done is tried again after this. */
const AFTER_FAILURE_MS = 3_600_000
const ATTEMPTS = 3
/** Videos begun in one round: pictures for going through a video wait for those of the streams that are live. */
const AT_ONCE = 4

/** Queues the making of small pictures where a minute or more has none. @returns whether there is news for workers */
export async function queueStoryboards(db: Database, nowMs: number): Promise<boolean> {
  const finished = Math.floor((nowMs - ROWS_TRAIL_MS) / MINUTE_MS) - 1
  const isDue = or(
    eq(videos.state, 'ready'),
    and(
      eq(videos.state, 'live'),
      or(isNull(videos.storyboardMinute), lte(videos.storyboardMinute, finished)),
      lte(videos.startedAt, new Date(nowMs - ROWS_TRAIL_MS - MINUTE_MS)),
      notExists(jobsSince(db, nowMs - LIVE_EVERY_MS)),
    ),
  )
  const due = await db
    .select({ id: videos.id })
    .from(videos)
    .where(
      and(
        eq(videos.storyboardDone, false),
        isNotNull(videos.width),
        isDue,
        notExists(jobsSince(db, nowMs - AFTER_FAILURE_MS, 'failed')),
      ),
    )
    .orderBy(videos.state, videos.startedAt)
    .limit(AT_ONCE)
  let news = false
  for (const { id } of due) {
    const task = { kind: 'storyboard', videoId: id } as const
    news = (await enqueueJob(db, { task, nowMs, maxAttempts: ATTEMPTS })) || news
  }
  return news
}

function jobsSince(db: Database, sinceMs: number, state?: 'failed') {
  return db
    .select({ one: sql`1` })
    .from(jobs)
    .where(
      and(
        eq(jobs.kind, 'storyboard'),
        eq(jobs.subject, videos.id),
        sql`${jobs.createdAt} > ${new Date(sinceMs).toISOString()}::timestamptz`,
        state && eq(jobs.state, state),
      ),
    )
}
