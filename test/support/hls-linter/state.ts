import type { ListedSegment, MediaPlaylist } from './media-playlist.ts'
import type { Multivariant } from './multivariant.ts'
import { endOf, type Position } from './position.ts'
import type { SeenPlaylist } from './seen.ts'

/** Bounds: an hour of parts; of what was seen of one playlist; of numbers' program times. */
const MAX_URIS = 20_000
const MAX_SIGHTINGS = 2000
const MAX_TIMES = 2000

export interface Directives {
  msn: number | null
  part: number | null
  skip: boolean
}

/** What was seen of one media playlist until now. */
export interface PlaylistState {
  url: string
  /** The newest, made whole where it came as a delta. */
  full: MediaPlaylist
  atMs: number
  /** Place of every URI that was ever listed. */
  uris: Map<string, string>
  /** Where its end was, when. */
  sightings: { atMs: number; end: Position }[]
}

/** A media playlist that just came in, beside what is known. */
export interface Look {
  /** Without its query. */
  url: string
  raw: MediaPlaylist
  /** With what a delta update left out. */
  full: MediaPlaylist
  before: PlaylistState | null
  presentation: Presentation
  directives: Directives
  atMs: number
  stale: boolean
  slackMs: number
}

/** All presentations, by their multivariant playlists' folders. */
export class Presentations {
  readonly #byFolder = new Map<string, Presentation>()

  of(url: string): Presentation {
    const folder = new URL('.', withoutQuery(url)).href
    let presentation = this.#byFolder.get(folder)
    if (!presentation) {
      presentation = new Presentation()
      this.#byFolder.set(folder, presentation)
    }
    return presentation
  }
}

/** One presentation: its playlists, and what must be the same in all of them. */
export class Presentation {
  readonly playlists = new Map<string, PlaylistState>()
  /** Program time of a media sequence number, as it was seen first. */
  readonly times = new Map<number, { programTimeMs: number; url: string }>()
  /** The furthest that a rendition was reported to be, when. */
  readonly reported = new Map<string, { end: Position; atMs: number }>()
  multivariant: Multivariant | null = null

  /** The renditions' addresses, as the multivariant playlist has them. */
  get listed(): ReadonlySet<string> {
    const { variants = [], members = [] } = this.multivariant ?? {}
    return new Set([...variants, ...members].flatMap(({ uri }) => (uri === null ? [] : [withoutQuery(uri)])))
  }

  look(raw: MediaPlaylist, seen: SeenPlaylist, slackMs: number): Look {
    const url = withoutQuery(seen.url)
    const before = this.playlists.get(url) ?? null
    return {
      url,
      raw,
      full: before ? made(raw, before.full) : raw,
      before,
      presentation: this,
      directives: directivesOf(seen.url),
      atMs: seen.atMs,
      stale: seen.stale ?? false,
      slackMs,
    }
  }

  takeMultivariant(multivariant: Multivariant): void {
    this.multivariant = multivariant
  }

  takeMedia({ url, full, raw, before, atMs }: Look): void {
    const uris = before?.uris ?? new Map<string, string>()
    for (const [uri, place] of placesOf(raw.segments)) uris.set(uri, place)
    const sightings = before?.sightings ?? []
    sightings.push({ atMs, end: endOf(full) })
    this.playlists.set(url, { url, full, atMs, uris, sightings })
    for (const { sequence, programTimeMs } of raw.segments) {
      if (programTimeMs === null || this.times.has(sequence)) continue
      this.times.set(sequence, { programTimeMs, url })
    }
    for (const { uri, sequence, part } of raw.reports) {
      const end = { sequence, part: part ?? 0 }
      this.reported.set(withoutQuery(uri), { end, atMs })
    }
    if (sightings.length > MAX_SIGHTINGS) sightings.splice(0, sightings.length - MAX_SIGHTINGS)
    forget(uris, MAX_URIS)
    forget(this.times, MAX_TIMES)
  }
}

/** Every address with its place in the rendition: "s<msn>" or "p<msn>.<index>". */
export function* placesOf(segments: readonly ListedSegment[]): Generator<[uri: string, place: string]> {
  for (const { sequence, uri, parts } of segments) {
    if (uri !== null) yield [uri, `s${sequence}`]
    for (const [index, part] of parts.entries()) yield [part.uri, `p${sequence}.${index}`]
  }
}

/** A delta update, made whole with what was known. */
function made(raw: MediaPlaylist, known: MediaPlaylist): MediaPlaylist {
  if (raw.skipped === 0) return raw
  const end = raw.firstSequence + raw.skipped
  const left = known.segments.filter((s) => s.sequence >= raw.firstSequence && s.sequence < end)
  // A header applies until the next one, across what was skipped.
  const map = left.at(-1)?.map ?? null
  const listed = raw.segments.map((segment) => (segment.map === null ? { ...segment, map } : segment))
  return { ...raw, segments: [...left, ...listed] }
}

function directivesOf(url: string): Directives {
  const query = new URL(url).searchParams
  const number = (name: string) => {
    const text = query.get(name)
    return text === null ? null : Number(text)
  }
  return { msn: number('_HLS_msn'), part: number('_HLS_part'), skip: query.has('_HLS_skip') }
}

/** An address as playlists are known by; what is no address (and was complained about) is itself. */
export function withoutQuery(url: string): string {
  const parsed = URL.parse(url)
  return parsed ? parsed.origin + parsed.pathname : url
}

/** Drops the oldest entries. */
function forget(map: Map<unknown, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}
