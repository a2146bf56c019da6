import type { ListedPart, ListedSegment } from '../media-playlist.ts'
import { distancesToEnd } from '../position.ts'
import { type Look, placesOf } from '../state.ts'
import type { Complain } from '../violation.ts'
import { isFollowed, wasLost } from './history.ts'

/** Durations are written with five decimals. */
const EPSILON = 0.001

/** Parts are added at the end and go with their whole segment; no address is used twice. */
export function partHistoryRules(look: Look, complain: Complain): void {
  const { raw, before } = look
  addresses(look, complain)
  if (!before) return
  const bySequence = new Map(before.full.segments.map((segment) => [segment.sequence, segment]))
  const distances = distancesToEnd(raw.segments)
  for (const [i, segment] of raw.segments.entries()) {
    const was = bySequence.get(segment.sequence)
    if (!was || wasLost(was, segment, raw)) continue
    if (segment.parts.length < was.parts.length) {
      // Of an epoch that is over, parts may be gone with the node that had them.
      const old = (distances[i] ?? 0) > 3 * raw.targetSeconds - EPSILON || isFollowed(segment, raw.segments)
      if (segment.parts.length === 0 && segment.uri !== null && old) continue
      const what = `${was.parts.length} parts became ${segment.parts.length}, ${distances[i]} s before the end`
      complain('parts-removed', `segment ${segment.sequence}: ${what}`, segment.line)
    }
    const change = changeOf(was, segment)
    if (change) complain('part-changed', `segment ${segment.sequence}: ${change}`, segment.line)
  }
}

function changeOf(was: ListedSegment, is: ListedSegment): string | null {
  if (was.uri !== null && is.parts.length > was.parts.length) return 'more parts, though it was finished'
  for (const [i, part] of was.parts.entries()) {
    const now = is.parts[i]
    if (now && !isSame(now, part)) return `part ${i}, ${textOf(part)} became ${textOf(now)}`
  }
  return null
}

function isSame(a: ListedPart, b: ListedPart): boolean {
  return a.uri === b.uri && a.seconds === b.seconds && a.independent === b.independent && a.gap === b.gap
}

function textOf({ uri, seconds, independent, gap }: ListedPart): string {
  return JSON.stringify({ uri, seconds, independent, gap })
}

/** One complaint is enough: a playlist that moved as a whole would be one for each of its lines. */
function addresses({ raw, before }: Look, complain: Complain): void {
  const inThis = new Map<string, string>()
  for (const [uri, place] of placesOf(raw.segments)) {
    const twin = inThis.get(uri)
    const earlier = before?.uris.get(uri) ?? place
    inThis.set(uri, place)
    if (twin === undefined && earlier === place) continue
    const moved = twin === undefined && before?.full.segments.some((segment) => segment.uri === uri)
    complain(moved ? 'sequence-disagrees' : 'uri-reused', `${uri} is ${place} and ${twin ?? earlier}`)
    return
  }
}
