import { bufferedAhead } from './live-pace.ts'
import { type LiveSight, liveRange } from './live-views.ts'

/**
 * Where a viewer is and may go, in milliseconds: of a live stream in program time, of a video from its start.
 */
export interface Place {
  startMs: number
  endMs: number
  positionMs: number
  /** Up to here it plays without anything more arriving. */
  bufferedMs: number
}

/** The place in a video; null while its length is unknown. */
export function placeInVideo(video: HTMLVideoElement): Place | null {
  const { duration, currentTime } = video
  if (!Number.isFinite(duration) || duration <= 0) return null
  const bufferedMs = (currentTime + bufferedAhead(video)) * 1000
  return { startMs: 0, endMs: duration * 1000, positionMs: currentTime * 1000, bufferedMs }
}

/** The place in a live stream. */
export function placeInLive(sight: LiveSight, positionMs: number, aheadS: number): Place {
  const { startMs, endMs } = liveRange(sight)
  const within = Math.min(endMs, Math.max(startMs, positionMs))
  return { startMs, endMs, positionMs: within, bufferedMs: Math.min(endMs, within + aheadS * 1000) }
}
