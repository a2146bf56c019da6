import { TAGS } from './grammar.ts'
import { type PlaylistItem, readLines } from './lines.ts'
import { type MediaPlaylist, readMediaPlaylist } from './media-playlist.ts'
import { type Multivariant, readMultivariant } from './multivariant.ts'
import { mediaRules, multivariantRules } from './rules.ts'
import type { SeenPlaylist } from './seen.ts'
import { type Look, Presentations } from './state.ts'
import { type Complain, RULES, type Violation } from './violation.ts'

export interface LinterOptions {
  /**
   * How far two observations may be out of order: what separates an answer's being written from its being seen here.
   * 0 where playlists are handed over as they are made; a target duration (4 s) unless told.
   */
  slackMs?: number
}

export type { SeenPlaylist } from './seen.ts'
export { describeViolation, type Violation } from './violation.ts'

/**
 * Holds playlists, as a client of a broadcast gets them, to the rules of RFC 8216bis and of MEDIA.md. It knows a
 * presentation by its multivariant playlist's folder, and a playlist by its address without the query. No clock, no I/O.
 */
export interface Linter {
  /** Looks at one answer. @returns what it breaks, alone or with what was seen before */
  see(playlist: SeenPlaylist): Violation[]
  /** All violations so far. */
  readonly violations: readonly Violation[]
  /** How many playlists were looked at: a test that saw none proves nothing. */
  readonly seen: { multivariant: number; media: number; deltas: number; parts: number }
}

const DEFAULT_SLACK_MS = 4000
/** More would be the same again. */
const MAX_VIOLATIONS = 200

export function createLinter({ slackMs = DEFAULT_SLACK_MS }: LinterOptions = {}): Linter {
  const presentations = new Presentations()
  const violations: Violation[] = []
  const seen = { multivariant: 0, media: 0, deltas: 0, parts: 0 }

  function see(playlist: SeenPlaylist): Violation[] {
    const { text, url, atMs } = playlist
    const found: Violation[] = []
    const lines = text.split('\n')
    const complain: Complain = (rule, what, ...at) => {
      const quoted = at.map((line) => lines[line] ?? '')
      found.push({ rule, sentence: RULES[rule], found: what, url, atMs, lines: quoted })
    }
    const items = readLines(text, complain)
    const kind = kindOf(items, complain)
    if (kind === 'multivariant') {
      seen.multivariant++
      lookAtMultivariant(readMultivariant(items, url, complain), playlist, complain)
    } else if (kind === 'media') {
      const media = readMediaPlaylist(items, url, complain)
      seen.media++
      if (media.skipped > 0) seen.deltas++
      seen.parts += media.segments.at(-1)?.parts.length ?? 0
      lookAtMedia(media, playlist, complain)
    }
    violations.push(...found.slice(0, MAX_VIOLATIONS - violations.length))
    return found
  }

  function lookAtMultivariant(multivariant: Multivariant, playlist: SeenPlaylist, complain: Complain): void {
    const presentation = presentations.of(playlist.url)
    for (const rule of multivariantRules) rule({ multivariant, presentation }, complain)
    presentation.takeMultivariant(multivariant)
  }

  function lookAtMedia(raw: MediaPlaylist, playlist: SeenPlaylist, complain: Complain): void {
    const presentation = presentations.of(playlist.url)
    const look: Look = presentation.look(raw, playlist, slackMs)
    for (const rule of mediaRules) rule(look, complain)
    presentation.takeMedia(look)
  }

  return { see, violations, seen }
}

function kindOf(items: readonly PlaylistItem[], complain: Complain): 'media' | 'multivariant' | null {
  const of = (kinds: readonly string[]) =>
    items.find((item) => item.type === 'tag' && kinds.includes(TAGS[item.name]?.of ?? ''))
  const multivariant = of(['multivariant'])
  const media = of(['media', 'segment'])
  if (multivariant && media) complain('tag-mixed', 'tags of both', multivariant.line, media.line)
  if (!multivariant && !media) complain('tag-required', 'no tag tells what this playlist is')
  return multivariant && media ? null : multivariant ? 'multivariant' : media ? 'media' : null
}
