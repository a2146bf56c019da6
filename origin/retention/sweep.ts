import { schema } from '@streamtube/db/index.ts'
import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { sheetsPrefix } from '../library/index.ts'
import { BLOB_BATCH_MAX_KEYS } from '../ports/blobs/port.ts'
import type { RetentionDeps } from './deps.ts'
import { freeSegments } from './free.ts'
import { heldRanges } from './held.ts'

const { removals, renditions, videos } = schema

type RemovalRow = typeof removals.$inferSelect

/** Removals that one run takes on. */
const BATCH_REMOVALS = 20
/** How soon a clip's end is noticed. */
const LOOK_AGAIN_MS = 60_000
/** Whoever was still writing when the video went (a job, a node's last segments) has stopped by then. */
const STRAGGLERS_MS = 10 * 60_000
const AFTER_FAILURE_MS = 30_000

/** Frees the bytes of removed timelines, as far as clips let it. Cut short, it goes on in its next turn. */
export async function sweepRemovals(deps: RetentionDeps): Promise<void> {
  const due = await deps.db
    .select()
    .from(removals)
    .where(lte(removals.sweepAt, new Date(deps.now())))
    .orderBy(asc(removals.sweepAt), asc(removals.id))
    .limit(BATCH_REMOVALS)
  for (const removal of due) {
    if (deps.closing.aborted) return
    try {
      await sweep(deps, removal)
    } catch (err) {
      // The others' turn is not held up by a store that fails for this one.
      deps.log.warn({ err, timelineId: removal.id }, 'bytes of a removed video could not be freed yet')
      await lookAgainAt(deps, removal, deps.now() + AFTER_FAILURE_MS)
    }
  }
}

async function sweep(deps: RetentionDeps, removal: RemovalRow): Promise<void> {
  const { db, now } = deps
  const held = await heldRanges(db, removal.id)
  const done = await freeSegments(deps, {
    timelineId: removal.id,
    held,
    beforeMinute: null,
    onFreed: (tx, bytes) => countFreed({ ...deps, db: tx }, removal, bytes),
  })
  if (!done) return
  const lastLookMs = removal.removedAt.getTime() + STRAGGLERS_MS
  const isHeld = held.length > 0
  if (!isHeld || removal.sweptAt === null || now() < lastLookMs + LOOK_AGAIN_MS) {
    for (const prefix of prefixesOf(removal, isHeld)) if (!(await freeBelow(deps, removal, prefix))) return
    await freeSource(deps, removal)
  }
  if (!isHeld) {
    await db.delete(renditions).where(eq(renditions.timelineId, removal.id))
  }
  if (removal.sweptAt === null) {
    await db
      .update(removals)
      .set({ sweptAt: new Date(now()) })
      .where(eq(removals.id, removal.id))
  }
  const nextLookMs = isHeld ? now() + LOOK_AGAIN_MS : now() < lastLookMs ? lastLookMs : null
  await lookAgainAt(deps, removal, nextLookMs)
}

/** Unless something came in during the sweep: that has set a time of its own. */
async function lookAgainAt({ db }: RetentionDeps, removal: RemovalRow, atMs: number | null): Promise<void> {
  await db
    .update(removals)
    .set({ sweepAt: atMs === null ? null : new Date(atMs) })
    .where(
      and(eq(removals.id, removal.id), removal.sweepAt ? eq(removals.sweepAt, removal.sweepAt) : undefined),
    )
}

async function countFreed({ db }: RetentionDeps, { id }: RemovalRow, bytes: number): Promise<void> {
  await db
    .update(removals)
    .set({ freedBytes: sql`${removals.freedBytes} + ${bytes}` })
    .where(eq(removals.id, id))
}

/** Where a timeline's headers lie, what was never listed, and its pictures; of one that clips show, the pictures alone. */
function prefixesOf({ id, videoId, reason }: RemovalRow, isHeld: boolean): string[] {
  const media = isHeld ? sheetsPrefix(id) : `timelines/${id}/`
  // A broadcast of which nothing is kept still has its page, with a picture.
  return reason === 'not-archived' ? [media] : [media, `thumbnails/${videoId}/`]
}

async function freeBelow(deps: RetentionDeps, removal: RemovalRow, prefix: string): Promise<boolean> {
  for (;;) {
    if (deps.closing.aborted) return false
    const { items, next } = await deps.blobs.list({ prefix, limit: BLOB_BATCH_MAX_KEYS })
    if (items.length > 0) {
      await deps.blobs.delete(items.map(({ key }) => key))
      await countFreed(
        deps,
        removal,
        items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      )
    }
    if (next === null) return true
  }
}

/** The file that the video was made from, unless another one was made from it too. */
async function freeSource(deps: RetentionDeps, removal: RemovalRow): Promise<void> {
  const { sourceKey } = removal
  if (sourceKey === null) return
  const [other] = await deps.db.select({ id: videos.id }).from(videos).where(eq(videos.sourceKey, sourceKey))
  if (other) return
  const head = await deps.blobs.head(sourceKey)
  if (!head) return
  await deps.blobs.delete([sourceKey])
  await countFreed(deps, removal, head.sizeBytes)
}
