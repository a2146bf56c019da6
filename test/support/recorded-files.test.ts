import { expect, test } from 'vitest'
import { writtenSince } from './recorded-files.ts'

const files = (names: string[], changedMs = 1) =>
  new Map(names.map((name) => [name, { sizeBytes: 100, changedMs }]))

test('the last two segments of each rendition are the tail, whatever else is new or changed was copied', () => {
  const before = files(['source/1/init.mp4', 'source/1/s7.m4s', 'source/1/s8.m4s', 'audio/1/s8.m4s'])
  const after = new Map([...before, ...files(['source/1/s9.m4s', 'source/1/s10.m4s', 'audio/1/s10.m4s'])])
  expect(writtenSince(before, before)).toEqual({ tailBytes: 0, otherBytes: 0 })
  expect(writtenSince(before, after)).toEqual({ tailBytes: 300, otherBytes: 0 })
  const rewritten = new Map([...after, ...files(['source/1/s7.m4s', 'source/1/init.mp4'], 2)])
  expect(writtenSince(before, rewritten)).toEqual({ tailBytes: 300, otherBytes: 200 })
})
