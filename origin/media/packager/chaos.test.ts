import fc from 'fast-check'
import { expect, it } from 'vitest'
import { accessUnit, audioTrack, nal, packageAll, tracks, videoTrack } from '../test-samples.ts'
import type { SourceEvent } from '../types.ts'

/** What a confused encoder, network and clock may do from one sample to the next. */
const step = fc.record({
  kind: fc.constantFrom('video' as const, 'audio' as const),
  stepMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 60 }) },
    { weight: 2, arbitrary: fc.integer({ min: -500, max: 3000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }) },
  ),
  arrivalStepMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 9000 }) },
  ),
  compositionMs: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 100 }) },
    { weight: 1, arbitrary: fc.integer({ min: -(2 ** 23), max: 2 ** 23 }) },
  ),
  key: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function events(start: number, steps: Step[]): SourceEvent[] {
  const stamps = { video: start, audio: start }
  let arrivedAtMs = 1_700_000_000_000
  const samples = steps.map((s): SourceEvent => {
    stamps[s.kind] = (stamps[s.kind] + s.stepMs + 2 ** 32) % 2 ** 32
    arrivedAtMs += s.arrivalStepMs
    const dtsMs = stamps[s.kind]
    const ptsMs = s.kind === 'video' ? dtsMs + s.compositionMs : dtsMs
    const data = s.kind === 'video' ? accessUnit(nal(s.key ? 5 : 1)) : new Uint8Array(8)
    return { type: 'sample', kind: s.kind, dtsMs, ptsMs, data, arrivedAtMs }
  })
  return [...tracks(videoTrack(), audioTrack()), ...samples]
}

it('whatever arrives, times ascend, parts and segments keep their bounds, and renditions have the same numbers', () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 32 - 1),
      fc.array(step, { minLength: 300, maxLength: 900, size: 'max' }),
      (start, steps) => {
        const recording = packageAll(events(start, steps))
        for (const [id, timescale] of [
          ['source', 90_000],
          ['audio', 48_000],
        ] as const) {
          const parts = recording.parts(id)
          const segments = recording.segments(id)
          expect(parts.map((p) => p.number)).toEqual(parts.map((_, i) => i))
          for (const [i, part] of parts.entries()) {
            expect(part.dts).toBeGreaterThan(parts[i - 1]?.dts ?? -1)
            expect(part.duration).toBeLessThanOrEqual(0.21 * timescale)
          }
          for (const [i, segment] of segments.entries()) {
            const before = segments[i - 1]
            expect(segment.sequence).toBe(before ? before.sequence + 1 : 0)
            expect(segment.programTimeMs).toBeGreaterThanOrEqual(before?.programTimeMs ?? 0)
            expect(segment.duration).toBeGreaterThan(0)
            expect(segment.duration / timescale).toBeLessThan(4.5)
            expect(Number.isInteger(segment.dts) && Number.isInteger(segment.duration)).toBe(true)
          }
        }
        const numbers = (id: string) => recording.segments(id).map((s) => s.sequence)
        const source = numbers('source')
        if (source.length > 0 && recording.segments('audio').length > 0) {
          expect(numbers('audio').length).toBeLessThanOrEqual(source.length)
          expect(source.length - numbers('audio').length).toBeLessThanOrEqual(1)
        }
      },
    ),
    { numRuns: 200, endOnFailure: true },
  )
}, 60_000)
