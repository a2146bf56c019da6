import type { Database } from '@streamtube/db/index.ts'
import { type ClipTimeline, readClip } from '../library/index.ts'
import type { ClipRow } from './find.ts'
import { endPosition, goingOn, positionOf, type Stretch, stretchesOf } from './positions.ts'
import type { PlaceRange } from './range.ts'

/** What a range shows: begins so far into its first segment, and plays so long. Milliseconds. */
export interface View {
  startOffsetMs: number
  durationMs: number
}

/** The take of a clip, in places of its video. */
export interface Take extends PlaceRange {
  stretches: Stretch[]
  view: View
}

/** Reads what a clip may be trimmed from: less than was taken, when its video is gone or its end never came. */
export async function readTake(db: Database, clip: ClipRow, isOfLive: boolean, nowMs: number): Promise<Take> {
  const { timelineId, takeStartMs: fromMs, takeEndMs: toMs } = clip
  const timeline = await readClip(db, { timelineId, fromMs, toMs, isOfLive }, nowMs)
  const counted = played(timeline, toMs)
  // Places are those of the whole video: the clip knows its own.
  const shiftMs = clip.positionMs - positionOf(counted, clip.startMs)
  const stretches = counted.map((one) => ({ ...one, positionMs: one.positionMs + shiftMs }))
  const startMs = positionOf(stretches, fromMs)
  const endMs = Math.min(positionOf(stretches, toMs), endPosition(stretches))
  const startOffsetMs = positionOf(counted, fromMs)
  return { stretches, startMs, endMs, view: { startOffsetMs, durationMs: Math.round(endMs - startMs) } }
}

/** Reads what a clip shows. */
export async function readView(db: Database, clip: ClipRow, isOfLive: boolean, nowMs: number): Promise<View> {
  const { timelineId, startMs: fromMs, endMs: toMs } = clip
  const timeline = await readClip(db, { timelineId, fromMs, toMs, isOfLive }, nowMs)
  const stretches = played(timeline, toMs)
  const startOffsetMs = positionOf(stretches, fromMs)
  return { startOffsetMs, durationMs: Math.round(positionOf(stretches, toMs) - startOffsetMs) }
}

/** In places of the view: it begins with the first segment that is there. */
function played({ renditions: [lead], isWhole }: ClipTimeline, toMs: number): Stretch[] {
  const stretches = lead ? stretchesOf(lead) : []
  return isWhole ? stretches : goingOn(stretches, toMs)
}
