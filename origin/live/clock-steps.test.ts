import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HeldStage, leave } from '../../test/support/held-stage.ts'
import { describeViolation } from '../../test/support/hls-linter/linter.ts'
import { audioEvents, audioTrack, interleave, videoEvents, videoTrack } from '../media/test-samples.ts'
import type { SourceEvent } from '../media/types.ts'

// The machine's clock is set by a minute while a stream is live.

const START_MS = 1_795_356_000_000
const MINUTE_MS = 60_000
const SEGMENT_MS = 2_000

let stage: HeldStage
beforeEach(() => {
  vi.useFakeTimers({ now: START_MS, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  stage = new HeldStage()
})
afterEach(async () => {
  expect(stage.linter.violations.map(describeViolation)).toEqual([])
  await stage.close()
  vi.useRealTimers()
})

const step = (byMs: number) => vi.setSystemTime(Date.now() + byMs)

/** Seconds of a camera with sound, as they come. */
function show(fromSeconds: number, toSeconds: number): SourceEvent[] {
  const audio = audioTrack(48_000)
  const samples = interleave(
    videoEvents({ fps: 30, seconds: toSeconds }),
    audioEvents(audio, toSeconds),
  ).flatMap((event) =>
    event.type === 'sample' && event.dtsMs >= fromSeconds * 1000
      ? [{ ...event, arrivedAtMs: event.arrivedAtMs - fromSeconds * 1000 }]
      : [],
  )
  if (fromSeconds > 0) return samples
  return [{ type: 'track', track: videoTrack(30) }, { type: 'track', track: audio }, ...samples]
}

/** Where each listed segment begins, in ms of program time. */
function timesOf(renditionId: string): number[] {
  const lines = stage.playlist(renditionId).split('\n')
  const dates = lines.filter((line) => line.startsWith('#EXT-X-PROGRAM-DATE-TIME:'))
  return dates.map((line) => Date.parse(line.slice(line.indexOf(':') + 1)))
}

const stepsOf = (times: readonly number[]) => times.slice(1).map((time, i) => time - (times[i] ?? 0))

test.each([
  ['forward', MINUTE_MS],
  ['back', -MINUTE_MS],
])('%s: the encoder’s own time goes on, and no segment is missing', async (_, byMs) => {
  const encoder = stage.admit()
  await stage.publish(encoder, show(0, 7))
  step(byMs)
  await stage.publish(encoder, show(7, 15))
  for (const id of ['source', 'audio']) {
    const times = timesOf(id)
    expect(times.length).toBeGreaterThan(5)
    // Sound is cut at the first frame behind the picture's cut.
    for (const between of stepsOf(times)) expect(Math.abs(between - SEGMENT_MS)).toBeLessThan(30)
    expect(stage.playlist(id)).not.toContain('#EXT-X-GAP')
  }
})

test.each([
  ['forward', MINUTE_MS],
  ['back', -MINUTE_MS],
])('%s, and then the encoder comes back: program time never goes back', async (_, byMs) => {
  const encoder = stage.admit()
  await stage.publish(encoder, show(0, 7))
  leave(encoder, 'peer-closed')
  await stage.pass(1_000)
  step(byMs)
  await stage.pass(4_000)
  await stage.publish(stage.admit({ epoch: 2 }), show(0, 7))
  for (const id of ['source', 'audio']) {
    const times = timesOf(id)
    expect(times.length).toBeGreaterThan(3)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(stage.playlist(id)).toContain('#EXT-X-DISCONTINUITY')
  }
})
