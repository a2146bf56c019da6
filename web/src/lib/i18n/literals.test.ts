import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'svelte/compiler'
import { describe, expect, it } from 'vitest'
import { en } from './en.ts'

const source = fileURLToPath(new URL('../..', import.meta.url))
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
const components = files.filter((file) => file.endsWith('.svelte'))

/** Attributes that people read or hear. */
const spoken = new Set([
  'title',
  'placeholder',
  'alt',
  'label',
  'name',
  'text',
  'hint',
  'description',
  'content',
  'action',
  'submit',
  'confirm',
])
/** Elements and places where these words are for machines. */
const silent = (element: string, attribute: string) =>
  (attribute === 'name' && /^(input|Input|meta|button)$/.test(element)) ||
  (attribute === 'content' && element === 'meta')

interface Node {
  type?: string
  name?: string
  data?: string
  value?: unknown
  [key: string]: unknown
}

/** Words in a component's markup that don't come from the catalogue. */
function literals(code: string): string[] {
  const found: string[] = []
  const visit = (value: unknown, element: string) => {
    if (Array.isArray(value)) for (const each of value) visit(each, element)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const node = value as Node
    if (node.type === 'Text' && /\p{L}/u.test(node.data ?? '')) found.push(`text: ${node.data?.trim()}`)
    if (node.type === 'StyleDirective') return
    if (node.type === 'Attribute') {
      const name = node.name ?? ''
      const isSpoken =
        (spoken.has(name) || /^aria-(label|description|roledescription|valuetext)$/.test(name)) &&
        !silent(element, name)
      const parts = Array.isArray(node.value) ? (node.value as Node[]) : []
      const text = parts
        .filter((part) => part.type === 'Text')
        .map((part) => part.data)
        .join('')
      if (isSpoken && /\p{L}/u.test(text)) found.push(`${name}: ${text}`)
      return
    }
    const own = typeof node.name === 'string' && node.type !== 'ExpressionTag' ? node.name : element
    for (const [key, child] of Object.entries(node)) if (key !== 'metadata') visit(child, own)
  }
  visit(parse(code, { modern: true }).fragment, '')
  return found
}

describe('components', () => {
  it('are found', () => {
    expect(components.length).toBeGreaterThan(30)
  })

  it.each(components)('%s has no words of its own', (file) => {
    expect(literals(readFileSync(join(source, file), 'utf8'))).toEqual([])
  })

  it('would be caught with some', () => {
    expect(literals('<p>Hello</p>')).toEqual(['text: Hello'])
    expect(literals('<input placeholder="Search" name="q">')).toEqual(['placeholder: Search'])
    expect(literals('{#if x}<button aria-label="Close">×</button>{/if}')).toEqual(['aria-label: Close'])
    expect(literals('<Field label="Name: {x}" />')).toEqual(['label: Name: '])
    expect(literals(`<p class="big">{t('app.name')} · 12</p>`)).toEqual([])
  })
})

describe('the catalogue', () => {
  it('has no message that nobody says', () => {
    const code = files
      .filter((file) => /\.(svelte|ts)$/.test(file) && !file.endsWith('i18n/en.ts'))
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .join('\n')
    // Keys are written whole, or begin in a template: t(`theme.${theme}`).
    const prefixes = [...code.matchAll(/t\(`([a-z0-9.-]+?)\$\{/g)].map((match) => match[1] ?? '')
    const unused = Object.keys(en).filter(
      (key) => !code.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)),
    )
    expect(unused).toEqual([])
  })
})
