import { StreamState } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HeldStage, leave } from '../../test/support/held-stage.ts'
import { describeViolation } from '../../test/support/hls-linter/linter.ts'
import { audioEvents, audioTrack, interleave, videoEvents, videoTrack } from '../media/test-samples.ts'
import type { SourceEvent } from '../media/types.ts'

const START_MS = 1_795_356_000_000

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

/** A camera with sound, as it comes. */
function show(seconds: number, rate: 44_100 | 48_000 = 48_000): SourceEvent[] {
  const audio = audioTrack(rate)
  return [
    { type: 'track', track: videoTrack(30) },
    { type: 'track', track: audio },
    ...interleave(videoEvents({ fps: 30, seconds }), audioEvents(audio, seconds)),
  ]
}

/** For what goes over reports, which are not under the fake clock; a ceiling for machines that stand still. */
const eventually = (see: () => void | Promise<void>) => vi.waitFor(see, { timeout: 20_000 })
const gaps = (text: string) => (text.match(/#EXT-X-GAP/g) ?? []).length
const segments = (text: string) => (text.match(/#EXTINF/g) ?? []).length
/** The number after the last that is listed. */
const end = (id: string) =>
  Number(/MEDIA-SEQUENCE:(\d+)/.exec(stage.playlist(id))?.[1]) + segments(stage.playlist(id))
const lastState = () => stage.reported.at(-1)?.state
const reports = (state: StreamState) =>
  eventually(() => expect(stage.reported.some((report) => report.state === state)).toBe(true))

describe('an encoder that goes without a goodbye', () => {
  test('leaves a broadcast that goes on with a gap every two seconds, in every rendition', async () => {
    const encoder = stage.admit()
    await stage.publish(encoder, show(11))
    leave(encoder, 'peer-closed')
    await stage.pass(100)
    const before = segments(stage.playlist('source'))
    expect(gaps(stage.playlist('source'))).toBe(0)
    await stage.pass(9_950)
    for (const id of ['source', 'audio']) {
      expect(gaps(stage.playlist(id))).toBe(5)
      expect(segments(stage.playlist(id))).toBe(before + 5)
      expect(stage.playlist(id)).not.toContain('#EXT-X-ENDLIST')
    }
    await reports(StreamState.INTERRUPTED)
    expect(stage.timeline?.master(Date.now())).toContain('source.m3u8')
  })

  test('answers whoever waits for what comes next with the next gap', async () => {
    const encoder = stage.admit()
    await stage.publish(encoder, show(5))
    leave(encoder, 'socket-error')
    await stage.pass(50)
    const next =
      Number(/MEDIA-SEQUENCE:(\d+)/.exec(stage.playlist('source'))?.[1]) + segments(stage.playlist('source'))
    const answer = stage.timeline?.waitFor('source', next, 0)
    const [outcome] = await Promise.all([answer, stage.pass(2_000)])
    expect(outcome).toBe('ready')
    expect(gaps(stage.playlist('source'))).toBe(1)
  })

  test('was silent before it was known to be gone: those seconds are made up for at once', async () => {
    const encoder = stage.admit()
    await stage.publish(encoder, show(5))
    await stage.pass(10_100)
    leave(encoder, 'idle')
    await stage.pass(100)
    expect(gaps(stage.playlist('source'))).toBe(5)
  })

  test('whose picture stood still before it went takes no rendition out of step', async () => {
    const encoder = stage.admit()
    const audio = audioTrack()
    const events = [...show(5).filter((e) => e.type === 'track' || e.kind === 'audio' || e.dtsMs < 4_200)]
    await stage.publish(encoder, events)
    expect(audio.sampleRate).toBe(48_000)
    leave(encoder, 'peer-closed')
    await stage.pass(8_000)
    expect(gaps(stage.playlist('source'))).toBeGreaterThan(2)
    expect(gaps(stage.playlist('audio'))).toBe(gaps(stage.playlist('source')))
  })

  test('before anything was seen of it leaves nothing to wait for', async () => {
    const encoder = stage.admit()
    leave(encoder, 'peer-closed')
    await reports(StreamState.ENDED)
    expect(stage.timeline).toBeNull()
  })
})

describe('a broadcast ends', () => {
  test.each([
    ['with a goodbye', 'finished', 60_000],
    ['with an encoder that sends what cannot be carried', 'refused', 60_000],
    ['at once where nobody is waited for', 'peer-closed', 0],
  ] as const)('%s', async (_, reason, reconnectWindowMs) => {
    const encoder = stage.admit({ reconnectWindowMs })
    await stage.publish(encoder, show(3))
    leave(encoder, reason)
    await reports(StreamState.ENDED)
    expect(stage.playlist('source')).toContain('#EXT-X-ENDLIST')
    expect(stage.reported.some(({ state }) => state === StreamState.INTERRUPTED)).toBe(false)
  })

  test('when the api says that it was waited for long enough', async () => {
    const encoder = stage.admit()
    await stage.publish(encoder, show(3))
    leave(encoder, 'peer-closed')
    await reports(StreamState.INTERRUPTED)
    stage.api.verdict = 'window-over'
    await reports(StreamState.ENDED)
    expect(stage.playlist('source')).toContain('#EXT-X-ENDLIST')
  })

  test('by its own clock while the api is away, and goes on while it is not', async () => {
    const encoder = stage.admit()
    await stage.publish(encoder, show(3))
    leave(encoder, 'peer-closed')
    await stage.pass(62_000)
    expect(stage.playlist('source')).not.toContain('#EXT-X-ENDLIST')
    stage.api.away = true
    await eventually(async () => {
      await stage.pass(1_000)
      expect(stage.playlist('source')).toContain('#EXT-X-ENDLIST')
    })
    stage.api.away = false
    await reports(StreamState.ENDED)
  })

  test('as its creator wants it, and the encoder is told in words', async () => {
    const encoder = stage.admit()
    await stage.publish(encoder, show(3))
    stage.api.verdict = 'banned'
    await reports(StreamState.ENDED)
    expect(encoder.heard).toEqual(['This channel may not publish.'])
  })

  test('not with its node: it is interrupted then, and players are not told of an end', async () => {
    const encoder = stage.admit()
    await stage.publish(encoder, show(3))
    const waiting = stage.timeline?.waitFor('source', 2, 0)
    leave(encoder, 'shutdown')
    const [outcome] = await Promise.all([waiting, stage.broadcasts.close(new AbortController().signal)])
    expect(outcome).toBe('aborted')
    expect(lastState()).toBe(StreamState.INTERRUPTED)
    expect(stage.playlist('source')).not.toContain('#EXT-X-ENDLIST')
  })
})

describe('an encoder that comes back', () => {
  test.each([
    ['at once', 0, 48_000],
    ['after some seconds', 7_300, 48_000],
    ['after a minute, with another sampling rate', 59_000, 44_100],
  ] as const)('%s goes on with the same timeline', async (_, awayMs, rate) => {
    const first = stage.admit()
    await stage.publish(first, show(9))
    leave(first, 'peer-closed')
    await stage.pass(awayMs + 5_000)
    expect(stage.timeline?.master(Date.now())).toContain('source.m3u8')
    const timeline = stage.timeline
    const second = stage.admit({ epoch: 2 })
    await stage.publish(second, show(30, rate))
    expect(stage.timeline).toBe(timeline)
    expect(lastState()).toBe(StreamState.LIVE)
    for (const id of ['source', 'audio']) expect(stage.playlist(id)).toMatch(/\/2\/s\d+\.m4s/)
    expect(stage.linter.seen.media).toBeGreaterThan(200)
  })

  test('begins with a discontinuity and a new header in every rendition, behind the gaps', async () => {
    const first = stage.admit()
    await stage.publish(first, show(5))
    leave(first, 'peer-closed')
    await stage.pass(5_000)
    const second = stage.admit({ epoch: 2 })
    await stage.publish(second, show(3))
    for (const id of ['source', 'audio']) {
      expect(stage.playlist(id)).toMatch(
        /#EXT-X-GAP\n[^\n]*\n[^\n]*\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="[^"]*\/2\/init.mp4"/,
      )
      expect(stage.playlist(id)).toContain('/1/s0.m4s')
    }
  })

  test('while its first connection still counts as there takes over: that one is told why', async () => {
    const first = stage.admit()
    await stage.publish(first, show(5))
    await stage.pass(6_000)
    const second = stage.admit({ epoch: 2 })
    expect(first.heard).toEqual(['Another encoder has taken over this stream.'])
    leave(first, 'ended-here')
    await stage.publish(second, show(3))
    expect(lastState()).toBe(StreamState.LIVE)
    expect(stage.playlist('source')).not.toContain('#EXT-X-ENDLIST')
  })

  test('before anything was seen of the first one takes its place, and nothing of that one is listed', async () => {
    const first = stage.admit()
    // Sound is waited for.
    const picture = show(0.5).filter((e) => (e.type === 'track' ? e.track.kind : e.kind) === 'video')
    await stage.publish(first, picture)
    const second = stage.admit({ epoch: 2 })
    await stage.publish(second, show(4))
    expect(stage.playlist('source')).toMatch(/\/2\/s\d+\.m4s/)
    expect(stage.playlist('source')).not.toContain('/1/')
  })

  test('but shows nothing is away again, and the gaps go on', async () => {
    const first = stage.admit()
    await stage.publish(first, show(5))
    leave(first, 'peer-closed')
    await stage.pass(3_000)
    const second = stage.admit({ epoch: 2 })
    await stage.pass(3_000)
    leave(second, 'idle')
    await stage.pass(4_000)
    expect(gaps(stage.playlist('source'))).toBe(5)
    const third = stage.admit({ epoch: 3 })
    await stage.publish(third, show(20))
    expect(stage.playlist('source')).toMatch(/\/3\/s\d+\.m4s/)
  })

  test('is refused when a newer one is here already', async () => {
    const newer = stage.admit({ epoch: 3 })
    await stage.publish(newer, show(2))
    expect(() => stage.admit({ epoch: 2 })).toThrow('Another encoder has taken over this stream.')
    expect(newer.heard).toEqual([])
  })

  test('on another node leaves this one alone with its timeline, which says nothing of an end', async () => {
    const first = stage.admit()
    await stage.publish(first, show(3))
    stage.api.verdict = 'superseded'
    await eventually(() => expect(first.heard).toEqual(['Another encoder has taken over this stream.']))
    await stage.pass(10_000)
    expect(stage.playlist('source')).not.toContain('#EXT-X-ENDLIST')
    expect(stage.reported.some(({ state }) => state === StreamState.ENDED)).toBe(false)
  })

  test('on this node, of whom the api told before it was here, finds its broadcast', async () => {
    const first = stage.admit()
    await stage.publish(first, show(5))
    const timeline = stage.timeline
    stage.api.verdict = 'superseded'
    await eventually(() => expect(first.heard).toHaveLength(1))
    stage.api.verdict = ''
    await stage.pass(500)
    const second = stage.admit({ epoch: 2 })
    await stage.publish(second, show(3))
    expect(stage.timeline).toBe(timeline)
    expect(stage.playlist('source')).toMatch(/\/2\/p\d+\.m4s/)
  })

  test('stalls for 5 s and bursts: it is the same session', async () => {
    const encoder = stage.admit()
    const events = show(14)
    const late = (event: SourceEvent): SourceEvent =>
      event.type === 'sample' && event.arrivedAtMs > 5_000 && event.arrivedAtMs < 10_000
        ? { ...event, arrivedAtMs: 10_000 }
        : event
    await stage.publish(encoder, events.map(late))
    expect(gaps(stage.playlist('source'))).toBe(0)
    expect(stage.playlist('source')).not.toContain('#EXT-X-DISCONTINUITY\n')
  })
})

describe('the slots of the first master', () => {
  test('stay when the encoder comes back without sound, or without picture', async () => {
    const first = stage.admit()
    await stage.publish(first, show(5))
    leave(first, 'peer-closed')
    await stage.pass(3_000)
    const silent = stage.admit({ epoch: 2 })
    await stage.publish(
      silent,
      show(12).filter((e) => (e.type === 'track' ? e.track.kind : e.kind) === 'video'),
    )
    expect(stage.playlist('audio')).toMatch(/\/2\/s\d+\.m4s/)
    leave(silent, 'peer-closed')
    await stage.pass(3_000)
    const blind = stage.admit({ epoch: 3 })
    await stage.publish(
      blind,
      show(12).filter((e) => (e.type === 'track' ? e.track.kind : e.kind) === 'audio'),
    )
    expect(stage.playlist('audio')).toMatch(/\/3\/s\d+\.m4s/)
    expect(stage.playlist('source').trimEnd().split('\n')).not.toContain('#EXT-X-ENDLIST')
    expect(end('source')).toBe(end('audio'))
    leave(blind, 'peer-closed')
    await stage.pass(5_000)
    const whole = stage.admit({ epoch: 4 })
    await stage.publish(whole, show(8))
    expect(stage.playlist('source')).toMatch(/\/4\/s\d+\.m4s/)
  })

  test('of a broadcast that began with sound only take no picture', async () => {
    const sound = (seconds: number) =>
      show(seconds).filter((e) => (e.type === 'track' ? e.track.kind : e.kind) === 'audio')
    const first = stage.admit()
    await stage.publish(first, sound(8))
    leave(first, 'peer-closed')
    const second = stage.admit({ epoch: 2 })
    await stage.publish(second, show(5))
    expect(stage.timeline?.renditions.map(({ id }) => id)).toEqual(['audio'])
    expect(stage.playlist('audio')).toMatch(/\/2\/s\d+\.m4s/)
  })

  /** The ladder of an epoch, whose rungs give what the source sends, from a time of the stream on. */
  const transcode = (epoch: number, fromMs: number) => {
    const begun = new Set<string>()
    return (event: SourceEvent) => {
      const ladder = stage.ladders[epoch - 1]
      if (!ladder || event.type !== 'sample' || event.kind !== 'video' || event.dtsMs < fromMs) return
      for (const rung of stage.rungs.filter((id) => ladder.slots?.includes(id) ?? true)) {
        if (!begun.has(rung)) ladder.onEvent(rung, { type: 'track', track: videoTrack(30) })
        begun.add(rung)
        ladder.onEvent(rung, event)
      }
    }
  }

  test('are what a returning ladder is asked for; what it has nothing for is a gap', async () => {
    stage.rungs = ['360p30', '240p30']
    const first = stage.admit()
    await stage.publish(first, show(8), transcode(1, 0))
    leave(first, 'peer-closed')
    await stage.pass(3_000)
    stage.rungs = ['240p30', '720p30']
    const second = stage.admit({ epoch: 2 })
    await stage.publish(second, show(12), transcode(2, 0))
    expect(stage.askedSlots[1]).toEqual(['source', '360p30', '240p30', 'audio'])
    expect([end('360p30'), end('240p30')]).toEqual([end('source'), end('source')])
    expect(stage.playlist('360p30')).not.toContain('/2/init.mp4')
    expect(stage.playlist('240p30')).toMatch(/\/2\/s\d+\.m4s/)
    expect(stage.timeline?.slots).not.toContain('720p30')
  })

  test('are empty for as long as their encoder takes to come, and filled from then on', async () => {
    stage.rungs = ['240p30']
    const first = stage.admit()
    await stage.publish(first, show(8), transcode(1, 0))
    leave(first, 'peer-closed')
    await stage.pass(3_000)
    const second = stage.admit({ epoch: 2 })
    const waits: number[] = []
    const transcodeLate = transcode(2, 10_000)
    await stage.publish(second, show(20), (event) => {
      if (event.type === 'sample' && event.dtsMs === 9_500) waits.push(end('source') - end('240p30'))
      transcodeLate(event)
    })
    // Its encoder may still come: it is two segments behind.
    expect(waits[0]).toBe(2)
    expect(stage.playlist('240p30')).toMatch(/\/2\/s\d+\.m4s/)
    expect(end('240p30')).toBe(end('source'))
  })
})
