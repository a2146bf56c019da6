import { compare, endOf, nameOf, type Position } from '../position.ts'
import type { Look } from '../state.ts'
import type { Complain } from '../violation.ts'

/** Preload hints (4.4.5.3) and blocking reload (6.2.5.2): what is promised comes, and what was asked for is there. */
export function hintRules(look: Look, complain: Complain): void {
  const { raw } = look
  const hint = raw.hints.find(({ type }) => type === 'PART')
  if (raw.ended) {
    if (hint) complain('hint-after-end', 'a hint beside EXT-X-ENDLIST', hint.line)
  } else if (raw.partTargetSeconds !== null && !hint)
    complain('hint-missing', 'no EXT-X-PRELOAD-HINT for a part')
  const listed = raw.segments.flatMap((segment) => segment.parts).find((part) => part.uri === hint?.uri)
  if (hint && listed) complain('hint-listed', 'it stands in the playlist', listed.line, hint.line)
  kept(look, complain)
  reload(look, complain)
}

/** What comes of another publisher, after a discontinuity, nobody could foresee. */
function kept({ raw, before }: Look, complain: Complain): void {
  const hint = before?.full.hints.find(({ type }) => type === 'PART')
  if (!before || !hint) return
  const end = endOf(before.full)
  for (const segment of raw.segments) {
    if (segment.sequence < end.sequence) continue
    const isNew = segment.sequence > end.sequence
    if (isNew && segment.discontinuity) return
    const from = isNew ? 0 : (before.full.segments.at(-1)?.parts.length ?? 0)
    const next = segment.parts[from]
    if (next) {
      if (next.uri !== hint.uri) complain('hint-unkept', `${hint.uri} was hinted`, next.line)
      return
    }
    // Parts that came and went between two reloads nobody knows.
    if (isNew && !segment.gap) return
  }
}

function reload({ raw, full, directives, stale }: Look, complain: Complain): void {
  const { msn, part } = directives
  if (msn === null || raw.ended || stale) return
  const last = full.segments.at(-1)
  const finished = last?.uri != null
  const wanted: Position = { sequence: msn, part: part ?? 0 }
  const end = endOf(full)
  // A part past its segment's end means the first of the next one; no part means the whole segment.
  const has =
    part === null ? end.sequence > msn || (end.sequence === msn && finished) : compare(end, wanted) >= 0
  if (!has) complain('reload-early', `${nameOf(wanted)} was asked for, ${nameOf(end)} is the last`)
}
