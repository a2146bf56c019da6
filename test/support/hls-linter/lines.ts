import { type Attributes, parseAttributes } from './attributes.ts'
import { isOfForm, isOfType, TAGS } from './grammar.ts'
import type { Complain } from './violation.ts'

/** A line that means something; `line` is its number, from 0. */
export type PlaylistItem =
  | { type: 'tag'; name: string; value: string; attributes: Attributes; line: number }
  | { type: 'uri'; uri: string; line: number }

const TAG = /^#(EXT[A-Z0-9-]*)(?::(.*))?$/
const NONE: Attributes = new Map()

/** Reads a playlist's lines. What is written wrongly is complained about and left out; nothing is thrown. */
export function readLines(text: string, complain: Complain): PlaylistItem[] {
  const items: PlaylistItem[] = []
  const lines = text.split('\n')
  if (lines.pop() !== '') complain('syntax-line', 'the last line has no end', lines.length)
  if (lines[0] !== '#EXTM3U') complain('syntax-header', 'another first line', 0)
  for (const [line, content] of lines.entries()) {
    if (content.trim() !== content || content === '' || content.includes('\ufffd')) {
      complain('syntax-line', 'a line that is blank, padded or broken', line)
    } else if (content.startsWith('#EXT')) {
      const item = readTag(content, line, complain)
      if (item) items.push(item)
    } else if (!content.startsWith('#')) items.push({ type: 'uri', uri: content, line })
  }
  complainOfRepetition(items, complain)
  return items
}

function readTag(content: string, line: number, complain: Complain): PlaylistItem | null {
  const [, name = '', value = null] = TAG.exec(content) ?? []
  const form = Object.hasOwn(TAGS, name) ? TAGS[name] : undefined
  if (!form || !isOfForm(form, value)) {
    complain('syntax-tag', form ? `${name} has a value of another form` : 'an unknown tag', line)
    return null
  }
  if (form.value !== 'attributes') return { type: 'tag', name, value: value ?? '', attributes: NONE, line }
  const attributes = parseAttributes(value ?? '')
  if (typeof attributes === 'string') {
    complain('syntax-attribute', attributes, line)
    return null
  }
  let whole = true
  for (const [attribute, { text, quoted }] of attributes) {
    const known = Object.hasOwn(form.attributes, attribute) ? form.attributes[attribute] : undefined
    if (known && isOfType(known.type, text, quoted)) continue
    complain(
      'syntax-attribute',
      known ? `${attribute} has a value of another type` : `an unknown ${attribute}`,
      line,
    )
    whole = false
  }
  for (const [attribute, { required }] of Object.entries(form.attributes)) {
    if (!required || attributes.has(attribute)) continue
    complain('tag-required', `${name} without ${attribute}`, line)
    whole = false
  }
  return whole ? { type: 'tag', name, value: value ?? '', attributes, line } : null
}

function complainOfRepetition(items: readonly PlaylistItem[], complain: Complain): void {
  const seen = new Map<string, number>()
  for (const item of items) {
    if (item.type !== 'tag' || !TAGS[item.name]?.once) continue
    const first = seen.get(item.name)
    if (first !== undefined) complain('tag-once', `${item.name} twice`, first, item.line)
    else seen.set(item.name, item.line)
  }
}
