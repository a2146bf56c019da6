import { endOf, lengthOf } from '../position.ts'
import type { Look } from '../state.ts'
import type { Complain } from '../violation.ts'

/** Durations are written with five decimals. */
const EPSILON = 0.001

/** Delta updates (6.2.5.1): asked for, allowed, old enough, and of what the client has. */
export function deltaRules({ raw, full, before, directives, atMs }: Look, complain: Complain): void {
  if (raw.skipped === 0) return
  if (!directives.skip) complain('delta-unasked', `${raw.skipped} segments are skipped`)
  const boundary = raw.control.canSkipUntil
  if (boundary === null) {
    complain('delta-disallowed', 'there is no CAN-SKIP-UNTIL')
    return
  }
  const listed = raw.segments.reduce((sum, segment) => sum + lengthOf(segment), 0)
  if (listed < boundary - EPSILON) {
    complain('delta-recent', `only ${listed.toFixed(3)} s are listed, the boundary is ${boundary} s`)
  }
  // A client whose last playlist is older than that should have asked for a whole one.
  const mayAsk = before !== null && atMs - before.atMs <= (boundary * 1000) / 2
  const known = endOf(before?.full ?? raw).sequence
  const last = raw.firstSequence + raw.skipped - 1
  const holes = full.segments[0]?.sequence !== raw.firstSequence
  const wasWhole = before?.full.segments[0]?.sequence === before?.full.firstSequence
  if (mayAsk && wasWhole && (holes || last > known)) {
    complain(
      'delta-unknown',
      `segments ${raw.firstSequence} to ${last} are skipped, ${known} was the last known`,
    )
  }
}
