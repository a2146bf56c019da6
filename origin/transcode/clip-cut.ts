import type { ClipRun } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import type { Cut } from './clip-arguments.ts'
import { JobError } from './job-error.ts'

/** Program times were rounded to whole milliseconds, twice. */
const ROUNDING_MS = 1

/**
 * Decides to the frame what is taken of a run.
 * @param shownAt when its frames are shown, in seconds, in any order
 * @returns null when no frame of it is in the range
 * @throws JobError `no-picture` for a run without a picture
 */
export function cutOf({ video, audio }: ClipRun, shownAt: readonly number[]): Cut | null {
  if (!video) throw new JobError('no-picture', 'a run without a picture')
  const times = [...shownAt].sort((a, b) => a - b)
  const [zero = 0] = times
  const msOf = (time: number) => (time - zero) * 1000
  const end = times.findLastIndex((time) => msOf(time) < video.endMs - ROUNDING_MS) + 1
  // What is on the screen when the range begins belongs to it; before the first frame there is nothing.
  const firstFrame = Math.max(
    0,
    times.findLastIndex((time) => msOf(time) <= video.startMs + ROUNDING_MS),
  )
  if (end <= firstFrame || lastEnd(times) - zero <= video.startMs / 1000) return null
  const startsAt = (times[firstFrame] ?? 0) - zero
  const endsAt = (times[end] ?? lastEnd(times)) - zero
  return {
    firstFrame,
    frames: end - firstFrame,
    seconds: endsAt - startsAt,
    soundAt: audio ? startsAt + (audio.startMs - video.startMs) / 1000 : null,
  }
}

/** The last frame of all lasts as long as the one before it. */
function lastEnd(times: readonly number[]): number {
  const last = times.at(-1) ?? 0
  return last + (last - (times.at(-2) ?? last))
}
