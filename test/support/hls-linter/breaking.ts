import { BASE } from './made-stream.ts'
import type { SeenPlaylist } from './seen.ts'
import type { RuleId } from './violation.ts'

/** A way to break a rule: a good stream goes in, a bad one comes out. */
export interface Break {
  rule: RuleId
  name: string
  change(stream: SeenPlaylist[]): SeenPlaylist[]
}

type Edit = (text: string) => string

/** Reloads of a rendition whose text has `holding`. */
interface Which {
  id?: 'master' | 'source' | '360p' | 'audio'
  holding?: string | RegExp
  /** Only the nth of them, from 0; -1 for the last. */
  nth?: number
}

export function broken(rule: RuleId, name: string, which: Which, edit: Edit): Break {
  return {
    rule,
    name,
    change: (stream) => {
      const chosen = choose(stream, which)
      const edited = stream.map((seen) => (chosen.includes(seen) ? { ...seen, text: edit(seen.text) } : seen))
      if (!edited.some((seen, i) => seen.text !== stream[i]?.text))
        throw new Error(`${name}: nothing changed`)
      return edited
    },
  }
}

export function choose(stream: SeenPlaylist[], { id = 'source', holding = '', nth }: Which): SeenPlaylist[] {
  const fits = ({ url, text }: SeenPlaylist) =>
    url.startsWith(`${BASE}${id}.m3u8`) &&
    (typeof holding === 'string' ? text.includes(holding) : holding.test(text))
  const fitting = stream.filter(fits)
  const one = nth === undefined ? undefined : fitting.at(nth)
  const chosen = nth === undefined ? fitting : one ? [one] : []
  if (chosen.length === 0) throw new Error('no reload to break')
  return chosen
}

/** Asked for by other words. */
export function asked(rule: RuleId, name: string, which: Which, query: string): Break {
  return {
    rule,
    name,
    change: (stream) => {
      const chosen = choose(stream, which)
      return stream.map((seen) =>
        chosen.includes(seen) ? { ...seen, url: seen.url.replace(/\?.*|$/, query) } : seen,
      )
    },
  }
}

export const replace =
  (from: string | RegExp, to: string): Edit =>
  (text) =>
    text.replace(from, to)
export const remove = (what: string | RegExp): Edit => replace(what, '')
export const insert = (before: string | RegExp, line: string): Edit => replace(before, `${line}\n$&`)

/** A reload in which nothing but parts was added, in the middle of the second epoch. */
export const middle: Which = { holding: '/2/p33.m4s"\n#EXT-X-PRELOAD' }
/** Every reload that lists segment 9 whole. */
export const ninth: Which = { holding: '/s9.m4s' }
export const master: Which = { id: 'master' }
export const ended: Which = { holding: 'ENDLIST' }
