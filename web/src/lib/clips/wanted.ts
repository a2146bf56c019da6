import type { NewClip } from '@streamtube/contracts/api/clips.ts'

/** What a clip begins with: the last half a minute. */
export const USUAL_MS = 30_000

/**
 * Which range a viewer means who presses "Clip": what was just seen.
 * @param about `isLive`: plays as a live stream, also when that has just become a video
 * @param positionMs of a live stream in program time, of a video from its start; null: unknown
 */
export function rangeOf(
  { isLive, durationMs }: { isLive: boolean; durationMs: number | null },
  positionMs: number | null,
): Pick<NewClip, 'lastMs' | 'at' | 'startMs' | 'endMs'> {
  if (isLive) {
    return { lastMs: USUAL_MS, ...(positionMs !== null && { at: new Date(positionMs).toISOString() }) }
  }
  // At its beginning there is not much behind, but enough ahead.
  const endMs = Math.round(Math.min(durationMs ?? USUAL_MS, Math.max(positionMs ?? 0, USUAL_MS)))
  return { startMs: Math.max(0, endMs - USUAL_MS), endMs }
}
