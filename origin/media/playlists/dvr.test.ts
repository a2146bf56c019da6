import { describe, expect, it } from 'vitest'
import { dvrPlaylist, vodPlaylist } from '../playlists.ts'
import { type RenditionTimeline, timelineWithin } from '../timeline.ts'
import type { SegmentEntry } from '../types.ts'

const TIMELINE = '01jd0000000000000000000000'
const START = Date.UTC(2026, 10, 22, 14, 0, 0)
const WHOLE = { windowMs: 3_600_000, skip: false, ended: false }

function entry(sequence: number, more: Partial<SegmentEntry> = {}): SegmentEntry {
  return {
    epoch: 1,
    sequence,
    dts: sequence * 180_000,
    duration: 180_000,
    programTimeMs: START + sequence * 2000,
    sizeBytes: 500_000,
    independent: true,
    discontinuity: false,
    gap: false,
    ...more,
  }
}

function source(segments: SegmentEntry[]): RenditionTimeline {
  return { info: { id: 'source', kind: 'video', codecs: 'avc1.64001f', timescale: 90_000 }, segments }
}

/** The same segments as sound, which starts a little later and has frames of its own length. */
function audioOf({ segments }: RenditionTimeline): RenditionTimeline {
  const ticks = (value: number) => Math.round((value * 48_000) / 90_000 / 1024) * 1024
  return {
    info: { id: 'audio', kind: 'audio', codecs: 'mp4a.40.2', timescale: 48_000 },
    segments: segments.map((s) => ({
      ...s,
      programTimeMs: s.programTimeMs + 15,
      dts: ticks(s.dts),
      duration: ticks(s.duration),
    })),
  }
}

function print(rendition: RenditionTimeline, options: Partial<typeof WHOLE> = {}, all = [rendition]): string {
  return dvrPlaylist(TIMELINE, rendition, all, { ...WHOLE, ...options })
}

function numbers(text: string): number[] {
  return [...text.matchAll(/\/s(\d+)\.m4s/g)].map(([, number]) => Number(number))
}

const made = (count: number) => Array.from({ length: count }, (_, i) => entry(i))

describe('the DVR playlist', () => {
  it('has the numbers of the live playlist, no parts and no end', () => {
    expect(print(source([entry(7), entry(8)]))).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:HOLD-BACK=12.0,CAN-SKIP-UNTIL=24.0
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="../../m/${TIMELINE}/source/1/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:14.000Z
#EXTINF:2.00000,
../../m/${TIMELINE}/source/1/s7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:16.000Z
#EXTINF:2.00000,
../../m/${TIMELINE}/source/1/s8.m4s
`)
  })

  it('goes back as far as it may, and counts the discontinuities that it no longer lists', () => {
    const segments = [entry(0), entry(1, { epoch: 2, discontinuity: true }), entry(2, { epoch: 2 })]
    segments.push(entry(3, { epoch: 3, discontinuity: true }), entry(4, { epoch: 3 }))
    const text = print(source(segments), { windowMs: 5000 })
    expect(numbers(text)).toEqual([2, 3, 4])
    expect(text).toContain('#EXT-X-MEDIA-SEQUENCE:2\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n')
    expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1)
    // The mark itself is listed until its segment goes.
    expect(print(source(segments), { windowMs: 4000 })).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:1\n')
    expect(print(source(segments), { windowMs: 2000 })).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:2\n')
  })

  it('begins with the same number in every rendition', () => {
    const video = source(made(40))
    const audio = audioOf(video)
    for (const windowMs of [4000, 9999, 20_000, 60_001]) {
      const [a, b] = [video, audio].map((r) => numbers(print(r, { windowMs }, [video, audio])))
      expect(b).toEqual(a)
    }
  })

  it('lists as a gap what the index has as one, or not at all', () => {
    const text = print(source([entry(0), entry(1, { gap: true, sizeBytes: 0 }), entry(4)]))
    expect(numbers(text)).toEqual([0, 1, 2, 3, 4])
    expect(text.match(/#EXT-X-GAP\n#EXTINF:2.00000,\n[^\n]*s[123]\.m4s/g)).toHaveLength(3)
  })

  it('leaves out in a delta update what players have', () => {
    const whole = print(source(made(1000)))
    const delta = print(source(made(1000)), { skip: true })
    expect(delta).toContain('#EXT-X-SKIP:SKIPPED-SEGMENTS=988\n')
    expect(numbers(delta)).toEqual(numbers(whole).slice(988))
    expect(delta.length).toBeLessThan(2000)
    expect(print(source(made(13)), { skip: true })).not.toContain('SKIP:')
  })

  it('ends with the broadcast, whole', () => {
    const text = print(source(made(1000)), { skip: true, ended: true })
    expect(text.endsWith('#EXT-X-ENDLIST\n')).toBe(true)
    expect(numbers(text)).toHaveLength(1000)
  })
})

describe('a range of a timeline', () => {
  const video = source(made(10))
  const all = [video, audioOf(video)]

  it('has whole segments: all that show some of it', () => {
    const within = (fromMs: number, toMs: number) =>
      timelineWithin(all, { fromMs: START + fromMs, toMs: START + toMs }).map(({ segments }) =>
        segments.map(({ sequence }) => sequence),
      )
    expect(within(4000, 8000)).toEqual([
      [2, 3],
      [2, 3],
    ])
    expect(within(3999, 8001)).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ])
    expect(within(-5000, 500)).toEqual([[0], [0]])
    expect(within(20_000, 30_000)).toEqual([[], []])
  })

  it('plays as a video of its own', () => {
    const range = timelineWithin(all, { fromMs: START + 4000, toMs: START + 8000 })
    const text = range[0] ? vodPlaylist(TIMELINE, range[0], range) : ''
    expect(numbers(text)).toEqual([2, 3])
    expect(text).toContain('#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-MAP:')
    expect(text.endsWith('#EXT-X-ENDLIST\n')).toBe(true)
  })
})
