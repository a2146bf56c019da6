import type { Attributes } from './attributes.ts'
import type { PlaylistItem } from './lines.ts'
import type { Complain } from './violation.ts'

export interface ListedPart {
  uri: string
  seconds: number
  independent: boolean
  gap: boolean
  line: number
}

/** A segment as a playlist lists it; `uri` and `seconds` are null for the one that is being written. */
export interface ListedSegment {
  sequence: number
  uri: string | null
  seconds: number | null
  discontinuity: boolean
  gap: boolean
  /** Address of the header that applies to it. */
  map: string | null
  programTimeMs: number | null
  parts: readonly ListedPart[]
  /** Where it begins and ends. */
  line: number
  lastLine: number
}

export interface RenditionReport {
  uri: string
  sequence: number
  part: number | null
  line: number
}

export interface ServerControl {
  canBlockReload: boolean
  canSkipUntil: number | null
  holdBack: number | null
  partHoldBack: number | null
}

/** A media playlist, as its text says. Durations in seconds. */
export interface MediaPlaylist {
  version: number
  targetSeconds: number
  partTargetSeconds: number | null
  control: ServerControl
  firstSequence: number
  discontinuitySequence: number
  type: 'EVENT' | 'VOD' | null
  independent: boolean
  ended: boolean
  /** Segments that a delta update left out, at the front. */
  skipped: number
  /** Those that are listed, the open one last. */
  segments: readonly ListedSegment[]
  hints: readonly { type: string; uri: string; line: number }[]
  reports: readonly RenditionReport[]
}

type Tag = Extract<PlaylistItem, { type: 'tag' }>

/** Reads a media playlist; addresses come out absolute. Wrong order is complained about. */
export function readMediaPlaylist(
  items: readonly PlaylistItem[],
  url: string,
  complain: Complain,
): MediaPlaylist {
  const reader = new Reader(url, complain)
  for (const item of items) {
    if (item.type === 'uri') reader.takeUri(item.uri, item.line)
    else reader.takeTag(item)
  }
  return reader.finish()
}

interface OpenSegment {
  seconds: number | null
  discontinuity: boolean
  gap: boolean
  programTimeMs: number | null
  parts: ListedPart[]
  line: number
  lastLine: number
}

class Reader {
  readonly #url: string
  readonly #complain: Complain
  readonly #numbers = new Map<string, number>()
  readonly #segments: ListedSegment[] = []
  readonly #hints: { type: string; uri: string; line: number }[] = []
  readonly #reports: RenditionReport[] = []
  #control: Attributes = new Map()
  #partTarget: number | null = null
  #type: MediaPlaylist['type'] = null
  #independent = false
  #ended = false
  #map: string | null = null
  #open: OpenSegment | null = null

  constructor(url: string, complain: Complain) {
    this.#url = url
    this.#complain = complain
  }

  takeTag(tag: Tag): void {
    const { name, value, attributes, line } = tag
    switch (name) {
      case 'EXT-X-VERSION':
      case 'EXT-X-TARGETDURATION':
        this.#numbers.set(name, Number(value))
        break
      case 'EXT-X-MEDIA-SEQUENCE':
      case 'EXT-X-DISCONTINUITY-SEQUENCE':
        if (this.#segments.length > 0 || this.#open)
          this.#complain('tag-order', `${name} after a segment`, line)
        this.#numbers.set(name, Number(value))
        break
      case 'EXT-X-INDEPENDENT-SEGMENTS':
        this.#independent = true
        break
      case 'EXT-X-ENDLIST':
        this.#ended = true
        break
      case 'EXT-X-PLAYLIST-TYPE':
        this.#type = value === 'VOD' ? 'VOD' : 'EVENT'
        break
      case 'EXT-X-PART-INF':
        this.#partTarget = decimal(attributes, 'PART-TARGET')
        break
      case 'EXT-X-SERVER-CONTROL':
        this.#control = attributes
        break
      case 'EXT-X-SKIP':
        if (this.#segments.length > 0 || this.#open)
          this.#complain('tag-order', 'a skip after a segment', line)
        this.#numbers.set(name, decimal(attributes, 'SKIPPED-SEGMENTS') ?? 0)
        break
      case 'EXT-X-PRELOAD-HINT':
        this.#hints.push({ type: textOf(attributes, 'TYPE'), uri: this.#absolute(attributes, line), line })
        break
      case 'EXT-X-RENDITION-REPORT':
        this.#reports.push({
          uri: this.#absolute(attributes, line),
          sequence: decimal(attributes, 'LAST-MSN') ?? 0,
          part: decimal(attributes, 'LAST-PART'),
          line,
        })
        break
      default:
        this.#takeSegmentTag(tag)
    }
  }

  takeUri(uri: string, line: number): void {
    const open = this.#openAt(line)
    if (open.seconds === null) this.#complain('tag-required', 'a segment without EXTINF', line)
    this.#segments.push(this.#close(open, absoluteUri(uri, this.#url, line, this.#complain)))
    this.#open = null
  }

  finish(): MediaPlaylist {
    const control = this.#control
    if (this.#open) {
      if (this.#open.seconds !== null)
        this.#complain('tag-order', 'EXTINF without an address', this.#open.lastLine)
      this.#segments.push(this.#close(this.#open, null))
    }
    const number = (name: string, otherwise: number) => this.#numbers.get(name) ?? otherwise
    if (!this.#numbers.has('EXT-X-TARGETDURATION')) this.#complain('tag-required', 'no EXT-X-TARGETDURATION')
    return {
      version: number('EXT-X-VERSION', 1),
      targetSeconds: number('EXT-X-TARGETDURATION', 0),
      partTargetSeconds: this.#partTarget,
      control: {
        canBlockReload: control.has('CAN-BLOCK-RELOAD'),
        canSkipUntil: decimal(control, 'CAN-SKIP-UNTIL'),
        holdBack: decimal(control, 'HOLD-BACK'),
        partHoldBack: decimal(control, 'PART-HOLD-BACK'),
      },
      firstSequence: number('EXT-X-MEDIA-SEQUENCE', 0),
      discontinuitySequence: number('EXT-X-DISCONTINUITY-SEQUENCE', 0),
      type: this.#type,
      independent: this.#independent,
      ended: this.#ended,
      skipped: number('EXT-X-SKIP', 0),
      segments: this.#segments,
      hints: this.#hints,
      reports: this.#reports,
    }
  }

  #takeSegmentTag({ name, value, attributes, line }: Tag): void {
    if (name === 'EXTM3U') return
    if (name === 'EXT-X-MAP') {
      // It may also stand behind the last segment, for what will come.
      if (this.#open?.parts.length) this.#complain('tag-order', 'EXT-X-MAP after a part of its segment', line)
      this.#map = this.#absolute(attributes, line)
      return
    }
    const open = this.#openAt(line)
    open.lastLine = line
    if (name !== 'EXT-X-PART' && name !== 'EXTINF' && open.parts.length > 0) {
      this.#complain('tag-order', `${name} after a part of its segment`, line)
    }
    switch (name) {
      case 'EXTINF':
        open.seconds = Number.parseFloat(value)
        break
      case 'EXT-X-DISCONTINUITY':
        open.discontinuity = true
        break
      case 'EXT-X-GAP':
        open.gap = true
        break
      case 'EXT-X-PROGRAM-DATE-TIME':
        open.programTimeMs = Date.parse(value)
        break
      case 'EXT-X-PART':
        open.parts.push({
          uri: this.#absolute(attributes, line),
          seconds: decimal(attributes, 'DURATION') ?? 0,
          independent: attributes.has('INDEPENDENT'),
          gap: attributes.has('GAP'),
          line,
        })
        break
    }
  }

  #openAt(line: number): OpenSegment {
    this.#open ??= {
      seconds: null,
      discontinuity: false,
      gap: false,
      programTimeMs: null,
      parts: [],
      line,
      lastLine: line,
    }
    this.#open.lastLine = line
    return this.#open
  }

  #close(open: OpenSegment, uri: string | null): ListedSegment {
    const skipped = this.#numbers.get('EXT-X-SKIP') ?? 0
    const sequence = (this.#numbers.get('EXT-X-MEDIA-SEQUENCE') ?? 0) + skipped + this.#segments.length
    return { ...open, sequence, uri, map: this.#map }
  }

  #absolute(attributes: Attributes, line: number): string {
    return absoluteUri(textOf(attributes, 'URI'), this.#url, line, this.#complain)
  }
}

/** The address as a client asks for it; itself, with a complaint, where it is none. */
export function absoluteUri(uri: string, base: string, line: number, complain: Complain): string {
  const absolute = URL.parse(uri, base)
  if (absolute && /^https?:$/.test(absolute.protocol) && !/\s/.test(uri)) return absolute.href
  complain('uri-unusable', `"${uri}"`, line)
  return uri
}

function textOf(attributes: Attributes, name: string): string {
  return attributes.get(name)?.text ?? ''
}

function decimal(attributes: Attributes, name: string): number | null {
  const value = attributes.get(name)
  return value ? Number(value.text) : null
}
