import { describe, expect, it } from 'vitest'
import { type LiveView, livePlaylist, masterPlaylist, vodPlaylist } from './playlists.ts'
import { measureBandwidth, playableDurationMs } from './timeline.ts'
import type { RenditionInfo, SegmentEntry } from './types.ts'

const TIMELINE = '01jd0000000000000000000000'
const START = Date.UTC(2026, 10, 22, 14, 0, 0)

const source: RenditionInfo = {
  id: 'source',
  kind: 'video',
  codecs: 'avc1.64001f',
  timescale: 90_000,
  width: 1280,
  height: 720,
  frameRate: 29.97,
}
const rung: RenditionInfo = { ...source, id: '360p30', codecs: 'avc1.4d401e', width: 640, height: 360 }
const audio: RenditionInfo = {
  id: 'audio',
  kind: 'audio',
  codecs: 'mp4a.40.2',
  timescale: 48_000,
  channels: 2,
}

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

function view(more: Partial<LiveView> = {}): LiveView {
  return {
    timelineId: TIMELINE,
    rendition: source,
    partTargetMs: 210,
    discontinuitySequence: 0,
    segments: [
      { entry: entry(7), parts: [] },
      {
        entry: entry(8),
        parts: [
          { number: 20, duration: 18_000, independent: true },
          { number: 21, duration: 18_000, independent: false },
        ],
      },
    ],
    open: {
      epoch: 1,
      sequence: 9,
      programTimeMs: START + 18_000,
      discontinuity: false,
      parts: [{ number: 22, duration: 18_018, independent: true }],
    },
    next: { epoch: 1, part: 23 },
    reports: [{ renditionId: 'audio', sequence: 9, part: 1 }],
    ended: false,
    ...more,
  }
}

describe('the master', () => {
  it('lists video rungs in order with one audio group, and claims no independent segments', () => {
    const text = masterPlaylist([
      { info: source, peakBps: 2_800_000, averageBps: 2_600_000 },
      { info: rung, peakBps: 900_000, averageBps: 800_000 },
      { info: audio, peakBps: 130_000, averageBps: 128_000 },
    ])
    expect(text).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2930000,AVERAGE-BANDWIDTH=2728000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
source.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1030000,AVERAGE-BANDWIDTH=928000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS=NONE
360p30.m3u8
`)
  })

  it('has sound alone as a variant, and picture alone without a group', () => {
    expect(masterPlaylist([{ info: audio, peakBps: 130_000, averageBps: 128_000 }])).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"
audio.m3u8
`)
    const silent = masterPlaylist([{ info: source, peakBps: 1, averageBps: 1 }])
    expect(silent).not.toContain('AUDIO')
  })

  it('names captions where there are some', () => {
    const text = masterPlaylist([{ info: { ...source, captions: true }, peakBps: 1, averageBps: 1 }])
    expect(text).toContain('TYPE=CLOSED-CAPTIONS,GROUP-ID="cc"')
    expect(text).toContain('CLOSED-CAPTIONS="cc"')
  })
})

describe('the live playlist', () => {
  it('marks the parts of a segment that never came', () => {
    const parts = [
      { number: 20, duration: 18_000, independent: true },
      { number: 21, duration: 18_000, independent: false, gap: true as const },
    ]
    const lines = livePlaylist(view({ segments: [{ entry: entry(8), parts }] }), { skip: false }).split('\n')
    expect(lines.filter((line) => line.includes('GAP'))).toEqual([
      `#EXT-X-PART:DURATION=0.20000,URI="../../m/${TIMELINE}/source/1/p21.m4s",GAP=YES`,
    ])
  })

  it('has parts, the hint and the reports', () => {
    expect(livePlaylist(view(), { skip: false })).toBe(`#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.630,HOLD-BACK=12.0,CAN-SKIP-UNTIL=24.0
#EXT-X-PART-INF:PART-TARGET=0.210
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="../../m/${TIMELINE}/source/1/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:14.000Z
#EXTINF:2.00000,
../../m/${TIMELINE}/source/1/s7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:16.000Z
#EXT-X-PART:DURATION=0.20000,URI="../../m/${TIMELINE}/source/1/p20.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.20000,URI="../../m/${TIMELINE}/source/1/p21.m4s"
#EXTINF:2.00000,
../../m/${TIMELINE}/source/1/s8.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:18.000Z
#EXT-X-PART:DURATION=0.20020,URI="../../m/${TIMELINE}/source/1/p22.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="../../m/${TIMELINE}/source/1/p23.m4s"
#EXT-X-RENDITION-REPORT:URI="audio.m3u8",LAST-MSN=9,LAST-PART=1
`)
  })

  it('marks gaps, and a new epoch by a discontinuity and a new map', () => {
    const segments = [
      entry(7),
      entry(8, { gap: true, sizeBytes: 0 }),
      entry(9, { epoch: 2, discontinuity: true }),
    ]
    const text = livePlaylist(
      view({ segments: segments.map((e) => ({ entry: e, parts: [] })), open: null, next: null, reports: [] }),
      { skip: false },
    )
    expect(text.slice(text.indexOf('s7.m4s'))).toBe(`s7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:16.000Z
#EXT-X-GAP
#EXTINF:2.00000,
../../m/${TIMELINE}/source/1/s8.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="../../m/${TIMELINE}/source/2/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:18.000Z
#EXTINF:2.00000,
../../m/${TIMELINE}/source/2/s9.m4s
`)
  })

  it('leaves out in a delta update what is older than the skip boundary', () => {
    const segments = Array.from({ length: 30 }, (_, i) => ({ entry: entry(i), parts: [] }))
    const whole = livePlaylist(view({ segments }), { skip: false })
    const delta = livePlaylist(view({ segments }), { skip: true })
    expect(delta).toContain('#EXT-X-MEDIA-SEQUENCE:0\n')
    expect(delta).toContain('#EXT-X-SKIP:SKIPPED-SEGMENTS=18\n')
    expect(delta).not.toContain('/s17.m4s')
    expect(delta.slice(delta.indexOf('s18.m4s'))).toBe(whole.slice(whole.indexOf('s18.m4s')))
  })

  it('ends with the stream', () => {
    const text = livePlaylist(view({ ended: true, open: null, next: null }), { skip: true })
    expect(text.endsWith('#EXT-X-ENDLIST\n')).toBe(true)
    expect(text).not.toContain('PRELOAD-HINT')
    expect(text).not.toContain('SKIPPED')
  })
})

describe('the VOD playlist', () => {
  it('is complete, with a map and a discontinuity per epoch, and leaves interruptions out', () => {
    const segments = [
      entry(0),
      entry(1),
      entry(2, { gap: true, sizeBytes: 0 }),
      entry(3, { epoch: 2, discontinuity: true, programTimeMs: START + 9000, duration: 90_090 }),
    ]
    const timeline = { info: source, segments }
    expect(vodPlaylist(TIMELINE, timeline)).toBe(`#EXTM3U
#EXT-X-VERSION:8
#EXT-X-TARGETDURATION:4
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-MAP:URI="../../m/${TIMELINE}/source/1/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:00.000Z
#EXTINF:2.00000,
../../m/${TIMELINE}/source/1/s0.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:02.000Z
#EXTINF:2.00000,
../../m/${TIMELINE}/source/1/s1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="../../m/${TIMELINE}/source/2/init.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-22T14:00:09.000Z
#EXTINF:1.00100,
../../m/${TIMELINE}/source/2/s3.m4s
#EXT-X-ENDLIST
`)
    expect(playableDurationMs(timeline)).toBe(5001)
  })

  it('has a discontinuity where something in the middle was left out, and none before the first segment', () => {
    const segments = [
      entry(0, { gap: true, sizeBytes: 0 }),
      entry(1),
      entry(2, { gap: true, sizeBytes: 0 }),
      entry(3),
    ]
    const text = vodPlaylist(TIMELINE, { info: source, segments })
    expect(text.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1)
    expect(text.slice(text.indexOf('s1.m4s'))).toMatch(/^s1\.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM/)
  })

  it('keeps a gap that only one rendition has, so that renditions stay aligned', () => {
    const whole = { info: source, segments: [entry(0), entry(1), entry(2)] }
    const holed = { info: rung, segments: [entry(0), entry(1, { gap: true, sizeBytes: 0 }), entry(2)] }
    const text = vodPlaylist(TIMELINE, holed, [whole, holed])
    expect(text).toContain('#EXT-X-GAP\n')
    expect(text.match(/#EXTINF/g)).toHaveLength(3)
  })
})

describe('the bandwidth', () => {
  it('is measured: the largest segment, and the average without gaps and without counting a short end as a peak', () => {
    const segments = [
      entry(0, { sizeBytes: 500_000 }),
      entry(1, { sizeBytes: 1_000_000 }),
      entry(2, { gap: true, sizeBytes: 0 }),
      entry(3, { sizeBytes: 100_000, duration: 9000 }),
    ]
    const { peakBps, averageBps } = measureBandwidth(90_000, segments)
    expect(peakBps).toBe(4_000_000)
    expect(averageBps).toBe(Math.ceil((1_600_000 * 8) / 4.1))
    expect(measureBandwidth(90_000, [])).toEqual({ peakBps: 0, averageBps: 0 })
  })
})
