import { expect, test } from 'vitest'
import { lineSplitter, toLogLine } from './lines.ts'

function split(...chunks: string[]): string[] {
  const lines: string[] = []
  const feed = lineSplitter((line) => lines.push(line))
  for (const chunk of chunks) feed(chunk)
  return lines
}

test('lines come out whole, however the pipe cut them', () => {
  expect(split('on', 'e\ntwo\nth', 'ree\n')).toEqual(['one', 'two', 'three'])
})

test('empty lines are left out', () => {
  expect(split('a\n\n  \nb\n')).toEqual(['a', 'b'])
})

test('a line without an end cannot fill the memory', () => {
  const lines = split('x'.repeat(100_000), 'y\n')
  expect(lines[0]?.length).toBe(64 * 1024)
})

test('a part’s own JSON line keeps its fields and gets the part’s name', () => {
  const line = '{"level":"info","time":1,"requestId":"abc","msg":"answered"}'
  expect(JSON.parse(toLogLine('edge', line, 'warn', 2))).toEqual({
    process: 'edge',
    level: 'info',
    time: 1,
    requestId: 'abc',
    msg: 'answered',
  })
})

test.each(['not json', '{"cut":', '{"no":"message"}', '[1]'])('%s becomes the message of a line', (line) => {
  expect(JSON.parse(toLogLine('api', line, 'warn', 5))).toEqual({
    process: 'api',
    level: 'warn',
    time: 5,
    msg: line,
  })
})
