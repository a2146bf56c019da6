import { STORYBOARD, type Storyboard } from '@streamtube/contracts/api/resources.ts'
import { initName, sheetPath } from '@streamtube/contracts/media-paths.ts'
import { schema } from '@streamtube/db/index.ts'
import { eq, max, min } from 'drizzle-orm'
import type { RenditionTimeline } from '../media/timeline.ts'
import type { SegmentEntry } from '../media/types.ts'
import { BLOB_BATCH_MAX_KEYS, type Blobs } from '../ports/blobs/port.ts'
import { blobPrefix } from './append.ts'
import type { LibraryDeps } from './deps.ts'
import { readTimelineWithin } from './timeline.ts'

const { timelineIndex, videos } = schema

type VideoRow = typeof videos.$inferSelect

const MINUTE_MS = 60_000
/** A job makes so many sheets at most, then the next one may be another video's. */
const SHEETS_AT_ONCE = 10
/** A picture is of a key frame at most this long before its moment, in milliseconds. */
const OLDEST_MS = 15_000
/** The longer side of a picture, in pixels; and no rendition with fewer lines is taken for one that has more. */
const LONG_SIDE = 160
const ENOUGH_LINES = 160

/** What the API says of a video's small pictures; null where there are none. */
export function storyboardOf({ timelineId, storyboardMinute }: VideoRow): Storyboard | null {
  return storyboardMinute === null
    ? null
    : { timelineId, ...STORYBOARD, untilMs: storyboardMinute * MINUTE_MS }
}

/** Where a sheet lies in blobs: with its timeline, so that it goes with it. */
export function sheetKey(timelineId: string, minute: number): string {
  return sheetPath(timelineId, minute).replace(/^m\//, 'timelines/')
}

/** What the keys of a timeline's sheets begin with. */
export function sheetsPrefix(timelineId: string): string {
  return sheetKey(timelineId, 0).replace(/0\.jpg$/, '')
}

/** Deletes a timeline's sheets of minutes before `minute`: nobody can go back there. @throws PortError */
export async function deleteSheets(
  blobs: Blobs,
  timelineId: string,
  about: { beforeMinute: number; signal: AbortSignal },
): Promise<void> {
  const prefix = sheetsPrefix(timelineId)
  const isOld = ({ key }: { key: string }) =>
    Number(/^(\d+)\.jpg$/.exec(key.slice(prefix.length))?.[1] ?? Number.POSITIVE_INFINITY) <
    about.beforeMinute
  let cursor: string | null = null
  do {
    const page = await blobs.list({ prefix, cursor, limit: BLOB_BATCH_MAX_KEYS })
    const old = page.items.filter(isOld)
    if (old.length > 0) await blobs.delete(old.map(({ key }) => key))
    cursor = page.next
  } while (cursor !== null && !about.signal.aborted)
}

/** A picture's blobs: a header, and a segment that begins with a key frame. Null where there is nothing to show. */
export type PictureKeys = { initKey: string; segmentKey: string } | null

/** What a worker makes of a timeline. */
export interface StoryboardWork {
  videoId: string
  timelineId: string
  width: number
  height: number
  sheets: { minute: number; pictures: PictureKeys[] }[]
  nextMinute: number
  done: boolean
}

/** The next sheets of a video: of finished minutes alone while it is live. Null where there are none to make. */
export async function nextSheets(
  { db }: Pick<LibraryDeps, 'db'>,
  videoId: string,
): Promise<StoryboardWork | null> {
  const [video] = await db.select().from(videos).where(eq(videos.id, videoId))
  if (!video || video.storyboardDone) return null
  const { timelineId } = video
  const [known] = await db
    .select({ first: min(timelineIndex.minute), last: max(timelineIndex.minute) })
    .from(timelineIndex)
    .where(eq(timelineIndex.timelineId, timelineId))
  if (known?.first == null || known.last === null) return null
  const from = video.storyboardMinute ?? known.first
  const end = video.state === 'live' ? known.last : known.last + 1
  const nextMinute = Math.min(end, from + SHEETS_AT_ONCE)
  const range = { fromMs: from * MINUTE_MS - OLDEST_MS, toMs: nextMinute * MINUTE_MS }
  const rendition = smallest(await readTimelineWithin(db, timelineId, range))
  if (!rendition) return null
  const minutes = Array.from({ length: Math.max(0, nextMinute - from) }, (_, i) => from + i)
  const sheets = minutes.map((minute) => ({ minute, pictures: picturesOf(timelineId, rendition, minute) }))
  return {
    videoId,
    timelineId,
    ...sizeOf(rendition),
    sheets: sheets.filter(({ pictures }) => pictures.some((picture) => picture !== null)),
    nextMinute: Math.max(from, nextMinute),
    done: video.state === 'ready' && nextMinute >= end,
  }
}

/** Notes that sheets were made. Never back: a slow worker may come after its successor. */
export async function setStoryboard(
  { db }: Pick<LibraryDeps, 'db'>,
  { videoId, nextMinute, done }: { videoId: string; nextMinute: number; done: boolean },
): Promise<void> {
  await db.transaction(async (tx) => {
    const [video] = await tx.select().from(videos).where(eq(videos.id, videoId)).for('update')
    if (!video || (video.storyboardMinute ?? 0) > nextMinute) return
    await tx
      .update(videos)
      .set({ storyboardMinute: nextMinute, storyboardDone: done })
      .where(eq(videos.id, videoId))
  })
}

/** The rendition whose key frames cost the least to read and are large enough. */
function smallest(renditions: readonly RenditionTimeline[]): RenditionTimeline | undefined {
  return renditions
    .filter(({ info, segments }) => info.kind === 'video' && segments.length > 0)
    .sort((a, b) => linesOf(a) - linesOf(b))
    .find((rendition, i, all) => linesOf(rendition) >= ENOUGH_LINES || i === all.length - 1)
}

function linesOf({ info }: RenditionTimeline): number {
  return Math.min(info.width ?? 0, info.height ?? 0)
}

/** Even numbers of pixels in the shape of the video. */
function sizeOf({ info }: RenditionTimeline): { width: number; height: number } {
  const { width = 16, height = 9 } = info
  const scale = LONG_SIDE / Math.max(width, height)
  const even = (side: number) => Math.max(2, 2 * Math.round((side * scale) / 2))
  return { width: even(width), height: even(height) }
}

function picturesOf(
  timelineId: string,
  { info, segments }: RenditionTimeline,
  minute: number,
): PictureKeys[] {
  const shown = segments.filter(({ gap, independent }) => !gap && independent)
  return Array.from({ length: STORYBOARD.columns * STORYBOARD.rows }, (_, i) => {
    const entry = keyFrameFor(shown, minute * MINUTE_MS + i * STORYBOARD.intervalMs)
    if (!entry) return null
    const folder = blobPrefix(timelineId, info.id, entry.epoch)
    return { initKey: folder + initName(entry.header), segmentKey: `${folder}s${entry.sequence}.m4s` }
  })
}

/** The first key frame of a picture's time, or one shortly before it. */
function keyFrameFor(entries: readonly SegmentEntry[], fromMs: number): SegmentEntry | undefined {
  const within = entries.find(
    ({ programTimeMs }) => programTimeMs >= fromMs && programTimeMs < fromMs + STORYBOARD.intervalMs,
  )
  return (
    within ??
    entries.findLast(({ programTimeMs }) => programTimeMs < fromMs && programTimeMs > fromMs - OLDEST_MS)
  )
}
