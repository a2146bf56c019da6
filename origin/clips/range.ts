import { CLIP_MAX_MS, CLIP_MIN_MS, type NewClip, OWN_CLIP_MAX_MS } from '@streamtube/contracts/api/clips.ts'
import { invalidFields } from '../http/errors.ts'
import { endPosition, positionOf, type Stretch } from './positions.ts'

/** Places in a video, in milliseconds. */
export interface PlaceRange {
  startMs: number
  endMs: number
}

/** What somebody may clip of a video. */
export interface ClipRules {
  maxMs: number
  /** How much beside the range its maker may move it into. */
  marginMs: number
}

const OF_OTHERS: ClipRules = { maxMs: CLIP_MAX_MS, marginMs: 60_000 }
const OF_OWN: ClipRules = { maxMs: OWN_CLIP_MAX_MS, marginMs: 300_000 }

/** @param isOwn the video is of the person's own channel */
export function rulesFor(isOwn: boolean): ClipRules {
  return isOwn ? OF_OWN : OF_OTHERS
}

/**
 * The places that a request means, as far as the video goes.
 * @throws ApiError 400 when that is shorter or longer than allowed
 */
export function wantedRange(
  { lastMs, at, startMs, endMs }: Pick<NewClip, 'lastMs' | 'at' | 'startMs' | 'endMs'>,
  stretches: readonly Stretch[],
  rules: ClipRules,
): PlaceRange {
  const lengthMs = endPosition(stretches)
  if (lastMs === undefined) {
    const range = { startMs: startMs ?? 0, endMs: Math.min(endMs ?? 0, lengthMs) }
    return checkedRange(range, rules, 'endMs')
  }
  const end = at === undefined ? lengthMs : positionOf(stretches, Date.parse(at))
  return checkedRange({ startMs: Math.max(0, end - lastMs), endMs: end }, rules, 'lastMs')
}

/** @param field that is at fault. @throws ApiError 400 */
export function checkedRange(range: PlaceRange, { maxMs }: ClipRules, field: string): PlaceRange {
  // Places are sums of segments' durations: not whole milliseconds.
  const durationMs = Math.round(range.endMs - range.startMs)
  if (durationMs < CLIP_MIN_MS) {
    throw invalidFields([{ field, message: `a clip has ${CLIP_MIN_MS / 1000} s at least` }])
  }
  if (durationMs > maxMs) {
    throw invalidFields([{ field, message: `a clip of this video has ${maxMs / 1000} s at most` }])
  }
  return range
}

/** How far a range may be moved: beside it on both sides, as far as the video goes. */
export function takeAround(range: PlaceRange, stretches: readonly Stretch[], rules: ClipRules): PlaceRange {
  return {
    startMs: Math.max(stretches[0]?.positionMs ?? 0, range.startMs - rules.marginMs),
    endMs: Math.min(endPosition(stretches), range.endMs + rules.marginMs),
  }
}
