import { expect, test } from 'vitest'
import { LadderFeed } from './ladder-feed.ts'

const bytes = (text: string) => [Buffer.from(text)]

function feed() {
  let drops = 0
  const made = new LadderFeed(Buffer.from('F'), bytes('C'), () => drops++)
  return { made, drops: () => drops, read: () => made.read()?.toString() ?? '' }
}

test('a feed begins with a key frame, behind its headers', () => {
  const { made, read } = feed()
  made.add(0, false, bytes('p'))
  made.add(40, true, bytes('I'))
  made.add(80, false, bytes('p'))
  expect(read()).toBe('FCIp')
})

test('a feed whose reader is a second behind drops what waits and goes on with a key frame', () => {
  const { made, drops, read } = feed()
  for (let dtsMs = 0; dtsMs <= 1_080; dtsMs += 40) made.add(dtsMs, dtsMs === 0, bytes('p'))
  expect(drops()).toBe(1)
  made.add(1_120, true, bytes('I'))
  made.add(1_160, false, bytes('p'))
  expect(read()).toBe('FCIp')
})

test('of what is dropped, the newest key frame and what follows it stay', () => {
  const { made, drops, read } = feed()
  for (let dtsMs = 0; dtsMs <= 1_000; dtsMs += 40) made.add(dtsMs, dtsMs === 0 || dtsMs === 800, bytes('p'))
  expect(drops()).toBe(0)
  expect(made.add(1_040, false, bytes('q'))).toBe(true)
  expect(drops()).toBe(1)
  expect(read()).toBe(`FC${'p'.repeat(6)}q`)
})

test('says which samples it leaves out', () => {
  const { made } = feed()
  expect([made.add(0, false, bytes('p')), made.add(40, true, bytes('I'))]).toEqual([false, true])
  for (let dtsMs = 80; dtsMs <= 1_040; dtsMs += 40) made.add(dtsMs, false, bytes('p'))
  expect([made.add(1_080, false, bytes('p')), made.add(1_120, true, bytes('I'))]).toEqual([false, true])
})

test('new configuration goes out before the sample that needs it', () => {
  const { made, read } = feed()
  made.add(0, true, bytes('I'))
  made.change(bytes('D'))
  made.add(40, true, bytes('I'))
  made.add(80, false, bytes('p'))
  expect(read()).toBe('FCIDIp')
})

test('a feed that is finished ends after its last sample', async () => {
  const { made } = feed()
  made.add(0, true, bytes('I'))
  made.finish()
  made.add(40, true, bytes('I'))
  const parts: Buffer[] = []
  for await (const part of made) parts.push(part)
  expect(Buffer.concat(parts).toString()).toBe('FCI')
})
