import { afterEach, expect, test, vi } from 'vitest'
import { LiveTimeline } from '../media/live-timeline.ts'
import { LiveRegistry } from './registry.ts'

afterEach(() => vi.useRealTimers())
const timeline = () => new LiveTimeline({ timelineId: 'T', partTargetMs: 210 })

test('an ended broadcast is served for a minute more', () => {
  vi.useFakeTimers()
  const registry = new LiveRegistry()
  const ended = timeline()
  registry.add('T', 1, ended)
  registry.retire('T', ended)
  vi.advanceTimersByTime(59_000)
  expect(registry.get('T')).toBe(ended)
  vi.advanceTimersByTime(2_000)
  expect(registry.get('T')).toBeNull()
})

test('a timeline that took the place of an ended one stays', () => {
  vi.useFakeTimers()
  const registry = new LiveRegistry()
  const [first, second] = [timeline(), timeline()]
  registry.add('T', 1, first)
  registry.retire('T', first)
  registry.add('T', 2, second)
  vi.advanceTimersByTime(120_000)
  expect(registry.get('T')).toBe(second)
  registry.close()
})

test('an older session never takes the place of a newer one', () => {
  const registry = new LiveRegistry()
  const [older, newer] = [timeline(), timeline()]
  registry.add('T', 2, newer)
  registry.add('T', 1, older)
  expect(registry.get('T')).toBe(newer)
  expect([registry.newestEpoch('T'), registry.newestEpoch('U')]).toEqual([2, 0])
  registry.close()
})
