import type { ListedSegment, MediaPlaylist } from '../media-playlist.ts'
import { compare, endOf, lengthOf, nameOf } from '../position.ts'
import type { Look } from '../state.ts'
import type { Complain } from '../violation.ts'

/** What a playlist may become from one reload to the next (6.2.1, 6.2.2): segments come at the end and go at the front. */
export function historyRules(look: Look, complain: Complain): void {
  const { full, raw, before } = look
  if (!before) return
  const known = before.full
  if ((known.ended || known.type === 'VOD') && contents(known) !== contents(full)) {
    complain(known.ended ? 'changed-after-end' : 'vod-changed', 'another reload had other contents')
  }
  if (raw.firstSequence < known.firstSequence) {
    complain('sequence-back', `${raw.firstSequence} after ${known.firstSequence}`)
  }
  if (compare(endOf(full), endOf(known)) < 0) {
    complain('end-lost', `${nameOf(endOf(full))} after ${nameOf(endOf(known))}`)
  }
  discontinuities(known, raw, complain)
  unchanged(known, raw, complain)
  window(known, full, complain)
}

/** All that may not change once a playlist has ended. */
function contents({ firstSequence, discontinuitySequence, ended, segments }: MediaPlaylist): string {
  const listed = segments.map(({ line, lastLine, parts, ...segment }) => ({
    ...segment,
    parts: parts.map(({ line, ...part }) => part),
  }))
  return JSON.stringify({ firstSequence, discontinuitySequence, ended, listed })
}

function discontinuities(known: MediaPlaylist, raw: MediaPlaylist, complain: Complain): void {
  const grown = raw.discontinuitySequence - known.discontinuitySequence
  if (grown < 0) {
    complain('discontinuity-back', `${raw.discontinuitySequence} after ${known.discontinuitySequence}`)
    return
  }
  const removed = known.segments.filter((segment) => segment.sequence < raw.firstSequence)
  const marks = removed.filter((segment) => segment.discontinuity).length
  // Of segments that came and went between two reloads nobody knows.
  const allKnown = raw.firstSequence <= endOf(known).sequence + 1
  if (allKnown ? grown !== marks : grown < marks) {
    complain('discontinuity-disagrees', `grew by ${grown}, ${marks} were removed`)
  }
}

function unchanged(known: MediaPlaylist, raw: MediaPlaylist, complain: Complain): void {
  const bySequence = new Map(known.segments.map((segment) => [segment.sequence, segment]))
  for (const segment of raw.segments) {
    const was = bySequence.get(segment.sequence)
    const change = was && !wasLost(was, segment, raw) ? changeOf(was, segment) : null
    if (change)
      complain('segment-changed', `segment ${segment.sequence}: ${change}`, segment.line, segment.lastLine)
  }
}

/** What was listed and then lost with its node becomes a gap, once a later epoch goes on with the broadcast (MEDIA 9). */
export function wasLost(was: ListedSegment, is: ListedSegment, { segments }: MediaPlaylist): boolean {
  return !was.gap && is.gap && isFollowed(is, segments)
}

/** Whether another epoch goes on after a segment. */
export function isFollowed({ sequence, map }: ListedSegment, segments: readonly ListedSegment[]): boolean {
  return segments.some((later) => later.sequence > sequence && later.map !== null && later.map !== map)
}

function changeOf(was: ListedSegment, is: ListedSegment): string | null {
  const open = was.uri === null
  if (!open && was.uri !== is.uri) return `${was.uri} became ${is.uri}`
  if (!open && was.seconds !== is.seconds) return `${was.seconds} s became ${is.seconds} s`
  if (was.discontinuity !== is.discontinuity) return 'its discontinuity'
  if (was.gap !== is.gap) return 'its gap'
  if (is.map !== null && was.map !== is.map) return 'its header'
  if (was.programTimeMs !== is.programTimeMs) return 'its program date time'
  return null
}

function window(known: MediaPlaylist, full: MediaPlaylist, complain: Complain): void {
  if (full.ended || full.firstSequence <= known.firstSequence) return
  const whole = full.segments[0]?.sequence === full.firstSequence
  const seconds = full.segments.reduce((sum, segment) => sum + lengthOf(segment), 0)
  if (whole && seconds < 3 * full.targetSeconds) complain('window-short', `${seconds.toFixed(3)} s are left`)
}
