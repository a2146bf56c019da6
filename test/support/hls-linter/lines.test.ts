import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseAttributes } from './attributes.ts'
import { TAGS } from './grammar.ts'
import { readLines } from './lines.ts'
import { createLinter } from './linter.ts'
import { BASE, goodStream } from './made-stream.ts'
import { RULES } from './violation.ts'

const word = fc.oneof(
  fc.constantFrom(
    'URI',
    'DURATION',
    'YES',
    'NONE',
    '4',
    '0.5',
    '"a.m4s"',
    '"',
    ',',
    '=',
    ':',
    '#EXT-X-',
    '\r',
    '',
  ),
  fc.string({ maxLength: 12 }),
)
const tag = fc
  .tuple(
    fc.constantFrom(...Object.keys(TAGS)),
    fc.constantFrom(':', '', '='),
    fc.array(word, { maxLength: 8 }),
  )
  .map(([name, colon, words]) => `#${name}${colon}${words.join('')}`)
const line = fc.oneof(
  tag,
  word,
  fc.constantFrom(
    ...goodStream()
      .flatMap(({ text }) => text.split('\n').slice(0, 20))
      .slice(0, 400),
  ),
)
const playlist = fc.array(line, { maxLength: 40 }).map((lines) => `#EXTM3U\n${lines.join('\n')}`)
const query = fc.constantFrom('', '?_HLS_msn=3', '?_HLS_msn=3&_HLS_part=1', '?_HLS_skip=YES', '?_HLS_msn=x')
const name = fc.constantFrom('master', 'source', 'audio')

it('whatever is answered, the linter complains and never breaks', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, query, playlist), { minLength: 1, maxLength: 4 }), (answers) => {
      const linter = createLinter({ slackMs: 0 })
      for (const [i, [id, asked, text]] of answers.entries()) {
        const found = linter.see({ url: `${BASE}${id}.m3u8${asked}`, text, atMs: i })
        for (const { rule, lines } of found) {
          expect(RULES).toHaveProperty(rule)
          for (const quoted of lines) expect(text.split('\n')).toContain(quoted)
        }
      }
    }),
    { numRuns: process.env.LONG === '1' ? 20_000 : 1000 },
  )
})

it('whatever a line holds, what is read of it stood in it', () => {
  fc.assert(
    fc.property(playlist, (text) => {
      for (const item of readLines(text, () => {})) {
        const content = text.split('\n')[item.line] ?? ''
        if (item.type === 'uri') expect(content).toBe(item.uri)
        else expect(content.startsWith(`#${item.name}`)).toBe(true)
      }
    }),
    { numRuns: process.env.LONG === '1' ? 20_000 : 1000 },
  )
})

it.each([
  ['A=1', { A: '1' }],
  ['A=1,B="x, y=z",C=YES', { A: '1', B: 'x, y=z', C: 'YES' }],
  ['RESOLUTION=1280x720,URI=""', { RESOLUTION: '1280x720', URI: '' }],
])('reads %s', (text, expected) => {
  const read = parseAttributes(text)
  if (typeof read === 'string') throw new Error(read)
  expect(Object.fromEntries([...read].map(([key, { text: value }]) => [key, value]))).toEqual(expected)
})

it.each(['', 'A', 'A=', 'a=1', 'A=1,', ',A=1', 'A="1', 'A=1"', 'A=1 ,B=2', 'A=1,A=2', 'A="1"2'])(
  'refuses %o',
  (text) => {
    expect(parseAttributes(text)).toEqual(expect.any(String))
  },
)
