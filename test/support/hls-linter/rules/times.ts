import type { ListedSegment } from '../media-playlist.ts'
import { lengthOf } from '../position.ts'
import type { Look } from '../state.ts'
import type { Complain } from '../violation.ts'

/** Program date times are whole milliseconds. */
const ROUNDING_MS = 3
/** Sound begins with the first frame at or after the cut: the longest frame that isn't taken for a hole. */
const ALIGNMENT_MS = 55

/** Program date time: everywhere, ascending, without holes, and the same in all renditions. */
export function timeRules({ full, raw, presentation, url }: Look, complain: Complain): void {
  const own = new Set(raw.segments)
  let before: ListedSegment | null = null
  for (const segment of full.segments) {
    if (own.has(segment)) {
      if (segment.programTimeMs === null)
        complain('time-missing', `segment ${segment.sequence}`, segment.line)
      else if (before?.sequence === segment.sequence - 1) order(before, segment, complain)
      aligned(segment, presentation.times.get(segment.sequence), url, complain)
    }
    before = segment
  }
}

function order(before: ListedSegment, segment: ListedSegment, complain: Complain): void {
  const { programTimeMs, discontinuity, sequence, line } = segment
  if (before.programTimeMs === null || programTimeMs === null) return
  const off = programTimeMs - (before.programTimeMs + lengthOf(before) * 1000)
  const says = `segment ${sequence} begins ${off.toFixed(1)} ms after the end of the one before`
  if (discontinuity ? off < -ROUNDING_MS : programTimeMs < before.programTimeMs)
    complain('time-back', says, line)
  else if (!discontinuity && Math.abs(off) > ROUNDING_MS) complain('time-hole', says, line)
}

function aligned(
  { programTimeMs, sequence, line }: ListedSegment,
  known: { programTimeMs: number; url: string } | undefined,
  url: string,
  complain: Complain,
): void {
  if (!known || programTimeMs === null || known.url === url) return
  const off = programTimeMs - known.programTimeMs
  if (Math.abs(off) > ALIGNMENT_MS)
    complain('time-differs', `segment ${sequence}: ${off} ms from ${known.url}`, line)
}
