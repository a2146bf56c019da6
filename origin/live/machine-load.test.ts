import { expect, test } from 'vitest'
import { busyCoresBetween, processorSeconds } from './machine-load.ts'

const core = (busy: number, idle: number) => ({ user: busy, nice: 0, sys: 0, irq: 0, idle })

test('busy cores are those that were not idle in between', () => {
  const before = [core(1000, 1000), core(0, 5000)]
  expect(busyCoresBetween(before, [core(3000, 1000), core(500, 6500)])).toBeCloseTo(1.25)
  expect(busyCoresBetween(before, [core(1000, 3000), core(0, 7000)])).toBe(0)
  expect(busyCoresBetween(before, before)).toBe(0)
})

test.runIf(process.platform === 'linux')('a process that works has used processor time', () => {
  const before = processorSeconds(process.pid) ?? Number.NaN
  const since = process.cpuUsage()
  while (process.cpuUsage(since).user < 50_000) Math.sqrt(2)
  expect(processorSeconds(process.pid)).toBeGreaterThan(before)
  expect(processorSeconds(2 ** 30)).toBeNull()
})
