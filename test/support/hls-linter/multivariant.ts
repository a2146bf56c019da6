import type { Attributes } from './attributes.ts'
import type { PlaylistItem } from './lines.ts'
import { absoluteUri } from './media-playlist.ts'
import type { Complain } from './violation.ts'

export interface Variant {
  uri: string
  attributes: Attributes
  line: number
}

/** A rendition that EXT-X-MEDIA names; captions have no address. */
export interface GroupMember {
  type: string
  groupId: string
  name: string
  uri: string | null
  isDefault: boolean
  line: number
}

/** A multivariant playlist, as its text says. */
export interface Multivariant {
  version: number
  independent: boolean
  variants: readonly Variant[]
  members: readonly GroupMember[]
}

/** Reads a multivariant playlist; addresses come out absolute. */
export function readMultivariant(
  items: readonly PlaylistItem[],
  url: string,
  complain: Complain,
): Multivariant {
  const variants: Variant[] = []
  const members: GroupMember[] = []
  let version = 1
  let independent = false
  let waiting: { attributes: Attributes; line: number } | null = null
  for (const item of items) {
    if (item.type === 'uri') {
      if (waiting) variants.push({ ...waiting, uri: absoluteUri(item.uri, url, item.line, complain) })
      else complain('tag-required', 'an address without EXT-X-STREAM-INF', item.line)
      waiting = null
      continue
    }
    if (waiting) complain('tag-order', 'EXT-X-STREAM-INF without an address', waiting.line)
    waiting = null
    const { name, attributes, line } = item
    if (name === 'EXT-X-VERSION') version = Number(item.value)
    else if (name === 'EXT-X-INDEPENDENT-SEGMENTS') independent = true
    else if (name === 'EXT-X-STREAM-INF') waiting = { attributes, line }
    else if (name === 'EXT-X-MEDIA') members.push(readMember(attributes, url, line, complain))
  }
  if (waiting) complain('tag-order', 'EXT-X-STREAM-INF without an address', waiting.line)
  return { version, independent, variants, members }
}

function readMember(attributes: Attributes, url: string, line: number, complain: Complain): GroupMember {
  const text = (name: string) => attributes.get(name)?.text ?? ''
  const uri = attributes.get('URI')?.text
  return {
    type: text('TYPE'),
    groupId: text('GROUP-ID'),
    name: text('NAME'),
    uri: uri === undefined ? null : absoluteUri(uri, url, line, complain),
    isDefault: text('DEFAULT') === 'YES',
    line,
  }
}
