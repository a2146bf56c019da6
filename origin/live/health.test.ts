import { expect, test } from 'vitest'
import type { SanitisedEvent } from '../media/sanitiser.ts'
import type { AudioTrack, VideoTrack } from '../media/types.ts'
import { HealthMeter } from './health.ts'

const video: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  timescale: 90_000,
  config: new Uint8Array(),
  codecs: 'avc1.64001f',
  width: 1280,
  height: 720,
  frameRate: 25,
}
const audio: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  timescale: 48_000,
  config: new Uint8Array(),
  codecs: 'mp4a.40.2',
  sampleRate: 48_000,
  samplesPerFrame: 1024,
  channels: 2,
}
const START_MS = 1_000_000

interface Stream {
  seconds: number
  /** Frames. */
  keyEvery: number
  sizeBytes?: (second: number) => number
  /** Media time per real time. */
  speed?: number
}

/** A stream of 25 frames a second. */
function stream(
  meter: HealthMeter,
  { seconds, keyEvery, sizeBytes = () => 1000, speed = 1 }: Stream,
): number {
  for (let frame = 0; frame < seconds * 25; frame++) {
    const sample = {
      dts: frame * 3600 * speed,
      pts: frame * 3600 * speed,
      key: frame % keyEvery === 0,
      data: new Uint8Array(sizeBytes(Math.floor(frame / 25))),
    }
    const arrivedAtMs = START_MS + frame * 40
    meter.observe({ type: 'sample', kind: 'video', sample, arrivedAtMs }, arrivedAtMs)
    const sound = { dts: 0, pts: 0, key: true, data: new Uint8Array(200) }
    meter.observe({ type: 'sample', kind: 'audio', sample: sound, arrivedAtMs }, arrivedAtMs)
  }
  return START_MS + seconds * 1000
}

function started(tracks: Partial<Extract<SanitisedEvent, { type: 'tracks' }>> = {}): HealthMeter {
  const meter = new HealthMeter()
  meter.observe({ type: 'tracks', video, audio, ...tracks }, START_MS)
  return meter
}

test('a good stream is measured and has no warnings', () => {
  const meter = started()
  const endMs = stream(meter, { seconds: 10, keyEvery: 50 })
  expect(meter.read(endMs)).toEqual({
    videoBitrateBps: 200_000,
    audioBitrateBps: 40_000,
    frameRate: 25,
    keyFrameIntervalMs: 2_000,
    width: 1280,
    height: 720,
    videoCodec: 'avc1.64001f',
    audioCodec: 'mp4a.40.2',
    warnings: [],
  })
})

test('a stream that stands still is seen to', () => {
  const meter = started()
  const endMs = stream(meter, { seconds: 10, keyEvery: 50 })
  expect(meter.read(endMs + 10_000)).toMatchObject({ videoBitrateBps: 0, frameRate: 0 })
})

test('key frames far apart are named, while waiting for one too', () => {
  const apart = started()
  expect(apart.read(stream(apart, { seconds: 21, keyEvery: 250 })).warnings).toEqual([
    'key-frames-very-far-apart',
  ])
  const waiting = started()
  expect(waiting.read(stream(waiting, { seconds: 6, keyEvery: 1_000 })).warnings).toEqual([
    'key-frames-far-apart',
  ])
})

test('a bit rate that goes up and down is named, and no longer once it is steady', () => {
  const meter = started()
  const sizeBytes = (second: number) => (second < 40 && second % 10 < 5 ? 4_000 : 500)
  expect(meter.read(stream(meter, { seconds: 40, keyEvery: 50, sizeBytes })).warnings).toEqual([
    'bitrate-unstable',
  ])
  const calm = started()
  expect(calm.read(stream(calm, { seconds: 80, keyEvery: 50, sizeBytes })).warnings).toEqual([])
})

test('an encoder whose clock is not ours is named', () => {
  const fast = started()
  expect(fast.read(stream(fast, { seconds: 40, keyEvery: 50, speed: 1.03 })).warnings).toEqual([
    'clock-unsteady',
  ])
  const well = started()
  expect(well.read(stream(well, { seconds: 40, keyEvery: 50, speed: 1.001 })).warnings).toEqual([])
})

test('missing tracks are named', () => {
  expect(started({ audio: null }).read(START_MS).warnings).toEqual(['no-audio'])
  expect(started({ video: null }).read(START_MS).warnings).toEqual(['no-video'])
})

test('what happened once is shown for half a minute', () => {
  const meter = started()
  meter.observe({ type: 'warning', code: 'clock-jump' }, START_MS)
  meter.notice('ladder-restarted', START_MS + 10_000)
  expect(meter.read(START_MS + 20_000).warnings).toEqual(['clock-jump', 'ladder-restarted'])
  expect(meter.read(START_MS + 35_000).warnings).toEqual(['ladder-restarted'])
})

test('a track that changes is described anew', () => {
  const meter = started()
  meter.observe(
    { type: 'track-changed', track: { ...video, width: 640, height: 360 }, needsHeader: true },
    START_MS,
  )
  expect(meter.read(START_MS)).toMatchObject({ width: 640, height: 360 })
})
