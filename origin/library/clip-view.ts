import { type Database, schema } from '@streamtube/db/index.ts'
import { eq, or } from 'drizzle-orm'
import type { RenditionTimeline, TimeRange } from '../media/timeline.ts'
import { readTimelineWithin } from './timeline.ts'

const { clips, videos } = schema

/** Index rows trail a live broadcast by seconds; what has not come after this comes late, if at all. */
const ROWS_TRAIL_MS = 60_000

/** How far before a range decoding may have to begin: encoders have key frames up to about 10 s apart. */
export const KEY_FRAME_REACH_MS = 12_000

/** A range of a timeline that is played: a clip, or the take it is trimmed from. */
export interface ClipRange extends TimeRange {
  timelineId: string
  /** Its rows may not have come yet: the broadcast that it is of is still on. */
  isOfLive: boolean
}

/** What a playback id of kind `clip` stands for, or null. @param assetId a clip's id, or its take's */
export async function findClipRange(db: Database, assetId: string): Promise<ClipRange | null> {
  const [row] = await db
    .select({ clip: clips, state: videos.state })
    .from(clips)
    .leftJoin(videos, eq(videos.id, clips.videoId))
    .where(or(eq(clips.id, assetId), eq(clips.takeId, assetId)))
  if (!row) return null
  const { clip, state } = row
  const isTake = clip.takeId === assetId
  return {
    timelineId: clip.timelineId,
    fromMs: isTake ? clip.takeStartMs : clip.startMs,
    toMs: isTake ? clip.takeEndMs : clip.endMs,
    isOfLive: state === 'live',
  }
}

/** What is there of a range by now. */
export interface ClipTimeline {
  renditions: RenditionTimeline[]
  /** False while more of it is on its way. */
  isWhole: boolean
}

/**
 * Reads a range, from where decoding it can begin. While it grows, all renditions end with the same segment, so that none
 * is left out as lost that is only late.
 */
export async function readClip(db: Database, range: ClipRange, nowMs: number): Promise<ClipTimeline> {
  const reach = { fromMs: range.fromMs - KEY_FRAME_REACH_MS, toMs: range.toMs }
  const renditions = fromKeyFrame(await readTimelineWithin(db, range.timelineId, reach), range.fromMs)
  if (!range.isOfLive || nowMs > range.toMs + ROWS_TRAIL_MS) return { renditions, isWhole: true }
  const last = Math.min(...renditions.map(({ segments }) => segments.at(-1)?.sequence ?? -1))
  const even = renditions.map(({ info, segments }) => ({
    info,
    segments: segments.filter(({ sequence }) => sequence <= last),
  }))
  return { renditions: even, isWhole: endMs(even[0]) >= range.toMs }
}

/** From the last segment at or before a moment that begins with a key frame; with none, from the one that shows it. */
function fromKeyFrame(renditions: readonly RenditionTimeline[], momentMs: number): RenditionTimeline[] {
  const [lead] = renditions
  if (!lead) return []
  const { timescale } = lead.info
  const shows = lead.segments.findIndex(
    (one) => !one.gap && one.programTimeMs + (one.duration * 1000) / timescale > momentMs,
  )
  const upToIt = shows < 0 ? [] : lead.segments.slice(0, shows + 1)
  const first = upToIt.findLast(({ gap, independent }) => independent && !gap) ?? upToIt.at(-1)
  const from = first?.sequence ?? Number.POSITIVE_INFINITY
  return renditions.map(({ info, segments }) => ({
    info,
    segments: segments.filter(({ sequence }) => sequence >= from),
  }))
}

function endMs(rendition: RenditionTimeline | undefined): number {
  const last = rendition?.segments.at(-1)
  if (!rendition || !last) return Number.NEGATIVE_INFINITY
  return last.programTimeMs + (last.duration * 1000) / rendition.info.timescale
}
