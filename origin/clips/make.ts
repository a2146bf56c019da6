import type { NewClip } from '@streamtube/contracts/api/clips.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq } from 'drizzle-orm'
import { ApiError, notFound } from '../http/errors.ts'
import { readPlayed } from '../library/index.ts'
import type { ClipRow } from './find.ts'
import { goingOn, inOrder, programTimeOf, type Stretch } from './positions.ts'
import { rulesFor, takeAround, wantedRange } from './range.ts'

const { broadcasts, channels, clips, videos } = schema

/** Further than this the rows of a live broadcast do not trail what its viewers see. */
const ROWS_TRAIL_MS = 15_000

/**
 * Makes a clip of a live or finished video. No media is touched: it can be played at once, and where index rows are
 * still on their way it is whole when they have come.
 * @param request `key`: the same one again answers the clip that it made
 * @throws ApiError 404, 409 where nothing is kept (yet), 400 for a range that is too short or too long
 */
export async function makeClip(
  { db, now }: { db: Database; now: () => number },
  personId: string,
  request: NewClip & { key: string | null },
): Promise<{ clip: ClipRow; isNew: boolean }> {
  const known = request.key === null ? null : await findMade(db, personId, request.key)
  if (known) return { clip: known, isNew: false }
  const { video, ownerId, broadcastState } = await findSource(db, request.videoId)
  const nowMs = now()
  const recorded = inOrder(await readPlayed(db, video.timelineId))
  if (recorded.length === 0) throw nothingThere(video.state)
  const stretches = broadcastState === 'live' ? goingOn(recorded, atMost(recorded, nowMs)) : recorded
  const rules = rulesFor(ownerId === personId)
  const range = wantedRange(request, stretches, rules)
  const take = takeAround(range, stretches, rules)
  const moment = (positionMs: number, side: 'start' | 'end') => {
    const ms = programTimeOf(stretches, positionMs, side)
    if (ms === null) throw new Error(`a video of ${stretches.length} stretches has no ${positionMs} ms`)
    return Math.round(ms)
  }
  const at = new Date(nowMs)
  const values = {
    id: newId(),
    takeId: newId(),
    timelineId: video.timelineId,
    videoId: video.id,
    channelId: video.channelId,
    creatorId: personId,
    title: request.title ?? video.title,
    startMs: moment(range.startMs, 'start'),
    endMs: moment(range.endMs, 'end'),
    takeStartMs: moment(take.startMs, 'start'),
    takeEndMs: moment(take.endMs, 'end'),
    positionMs: Math.round(range.startMs),
    durationMs: Math.round(range.endMs - range.startMs),
    requestKey: request.key,
    publishedAt: request.draft ? null : at,
    createdAt: at,
  }
  const [clip] = await db.transaction(async (tx) => {
    // Deleted meanwhile, or not until the clip holds its segments.
    const [there] = await tx
      .select({ id: videos.id })
      .from(videos)
      .where(eq(videos.id, video.id))
      .for('key share')
    if (!there) throw notFound('video')
    return await tx.insert(clips).values(values).onConflictDoNothing().returning()
  })
  const made = clip ?? (request.key === null ? null : await findMade(db, personId, request.key))
  if (!made) throw new Error('a clip that was just made is gone')
  return { clip: made, isNew: clip !== undefined }
}

async function findMade(db: Database, personId: string, key: string): Promise<ClipRow | null> {
  const [clip] = await db
    .select()
    .from(clips)
    .where(and(eq(clips.creatorId, personId), eq(clips.requestKey, key)))
  return clip ?? null
}

async function findSource(db: Database, videoId: string) {
  const [source] = await db
    .select({ video: videos, ownerId: channels.ownerId, broadcastState: broadcasts.state })
    .from(videos)
    .innerJoin(channels, eq(channels.id, videos.channelId))
    .leftJoin(broadcasts, eq(broadcasts.id, videos.timelineId))
    .where(eq(videos.id, videoId))
  if (!source) throw notFound('video')
  return source
}

function nothingThere(state: string): ApiError {
  return new ApiError('conflict', 409, 'There is nothing to clip', {
    detail:
      state === 'live'
        ? 'This stream has just begun, or is not recorded.'
        : 'Nothing of this video was kept.',
  })
}

function atMost(stretches: readonly Stretch[], nowMs: number): number {
  const last = stretches.at(-1)
  return last ? Math.min(nowMs, last.programMs + last.durationMs + ROWS_TRAIL_MS) : nowMs
}
