import type { ListedSegment } from '../media-playlist.ts'
import { distancesToEnd } from '../position.ts'
import type { Look } from '../state.ts'
import type { Complain } from '../violation.ts'

/** Durations are written with five decimals. */
const EPSILON = 0.00001
/** What the rounding of a segment's parts may add up to. */
const SUM_TOLERANCE = 0.002
const SHORTEST = 0.85

/** How long segments and parts may be, each by itself. */
export function durationRules({ raw }: Look, complain: Complain): void {
  const target = raw.partTargetSeconds ?? 0
  const distances = distancesToEnd(raw.segments)
  for (const [i, segment] of raw.segments.entries()) {
    const { seconds, parts, sequence, lastLine } = segment
    if (seconds !== null && Math.round(seconds) > raw.targetSeconds) {
      complain('segment-long', `${seconds} s of ${raw.targetSeconds} s`, lastLine)
    }
    if (parts.length === 0) continue
    partDurations(segment, target, complain)
    partsSum(segment, target, complain)
    // The segment that reaches three target durations back has them, and the open one isn't counted by all.
    if ((distances[i] ?? 0) > 5 * raw.targetSeconds) {
      complain('parts-kept', `segment ${sequence} ends ${distances[i]} s before the end`, lastLine)
    }
  }
}

function partDurations({ parts }: ListedSegment, target: number, complain: Complain): void {
  for (const [i, part] of parts.entries()) {
    if (part.seconds > target + EPSILON) complain('part-long', `${part.seconds} s of ${target} s`, part.line)
    const next = parts[i + 1]
    // The last that is listed of an open segment may be its last.
    const mayBeShort = part.independent || part.gap || !next || next.gap
    if (!mayBeShort && part.seconds < SHORTEST * target - EPSILON) {
      complain('part-short', `${part.seconds} s of ${target} s`, part.line)
    }
  }
}

/**
 * Less than the segment may only be where a frame came late: a part has left with the duration that its last frame was
 * expected to have (MEDIA 3), or says no more than the target though its frame stands longer.
 */
function partsSum({ seconds, parts, lastLine }: ListedSegment, target: number, complain: Complain): void {
  if (seconds === null) return
  const missing = seconds - parts.reduce((sum, part) => sum + part.seconds, 0)
  const stands = parts.some((part) => part.seconds >= target - EPSILON || part.gap)
  if (missing < -SUM_TOLERANCE || (missing > target && !stands)) {
    complain('parts-sum', `${missing.toFixed(5)} s are missing of ${seconds} s`, lastLine)
  }
}
