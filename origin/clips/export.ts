import type { ClipDesk } from '@streamtube/contracts/api/clips.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, desc, eq } from 'drizzle-orm'
import { type LibraryDeps, LibraryError, readClip } from '../library/index.ts'
import type { ClipRow } from './find.ts'
import { planRuns, type RunPlan } from './plan.ts'

const { clips, jobs, videos } = schema

/** A file is kept for a week; then it is made again when somebody asks. */
export const KEEP_EXPORT_MS = 7 * 24 * 3600_000
export const EXPORTS = 'clip-exports/'

/** Where the file of a clip's range lies in blobs. */
function exportKeyOf({ id, startMs, endMs }: ClipRow): string {
  return `${EXPORTS}${id}/${startMs}-${endMs}.mp4`
}

/** What a worker needs to make a file of a clip, or its picture; null when the clip or its media is gone. */
export async function planClip(
  db: Database,
  clipId: string,
  nowMs: number,
): Promise<{ blobKey: string; runs: RunPlan[]; isWhole: boolean } | null> {
  const [row] = await db
    .select({ clip: clips, state: videos.state })
    .from(clips)
    .leftJoin(videos, eq(videos.id, clips.videoId))
    .where(eq(clips.id, clipId))
  if (!row) return null
  const { clip, state } = row
  const range = { fromMs: clip.startMs, toMs: clip.endMs }
  const { timelineId } = clip
  const { renditions, isWhole } = await readClip(
    db,
    { timelineId, ...range, isOfLive: state === 'live' },
    nowMs,
  )
  const runs = planRuns(timelineId, renditions, range)
  return runs.length > 0 ? { blobKey: exportKeyOf(clip), runs, isWhole } : null
}

/** How the file of a clip is doing. */
export async function exportOf(db: Database, clip: ClipRow): Promise<ClipDesk['export']> {
  if (clip.exportKey !== null && clip.exportedAt !== null) {
    const expiresAt = new Date(clip.exportedAt.getTime() + KEEP_EXPORT_MS).toISOString()
    const url = `/api/v1/clips/${clip.id}/file`
    return {
      state: 'ready',
      progress: 1,
      url,
      sizeBytes: clip.exportBytes,
      frames: clip.exportFrames,
      expiresAt,
    }
  }
  const [job] = await db
    .select()
    .from(jobs)
    .where(and(eq(jobs.kind, 'clip-export'), eq(jobs.subject, clip.id)))
    .orderBy(desc(jobs.id))
    .limit(1)
  const nothing = { progress: 0, url: null, sizeBytes: null, frames: null, expiresAt: null }
  if (!job) return { ...nothing, state: 'none' }
  switch (job.state) {
    case 'queued':
      return { ...nothing, state: 'waiting' }
    case 'running':
      return { ...nothing, state: 'running', progress: job.progress }
    case 'failed':
      return { ...nothing, state: 'failed' }
    case 'done':
      // Of a range that was trimmed since, or of a file that has expired.
      return { ...nothing, state: 'none' }
    default:
      return job.state satisfies never
  }
}

/**
 * Records the file of a clip's range.
 * @returns false when the clip was trimmed or deleted meanwhile
 * @throws LibraryError `unknown` object
 */
export async function setClipExport(
  { db, blobs, now }: Pick<LibraryDeps, 'db' | 'blobs' | 'now'>,
  about: { clipId: string; blobKey: string; frames: number },
): Promise<boolean> {
  const head = await blobs.head(about.blobKey)
  if (!head) throw new LibraryError('unknown', 'There is no such object')
  return await db.transaction(async (tx) => {
    const [clip] = await tx.select().from(clips).where(eq(clips.id, about.clipId)).for('update')
    if (!clip || exportKeyOf(clip) !== about.blobKey) return false
    await tx
      .update(clips)
      .set({
        exportKey: about.blobKey,
        exportBytes: head.sizeBytes,
        exportFrames: about.frames,
        exportedAt: new Date(now()),
      })
      .where(eq(clips.id, clip.id))
    return true
  })
}
