import type { StreamHealth } from '@streamtube/contracts/api/resources.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  codecName,
  judgeBitrate,
  judgeFrameRate,
  judgeKeyFrames,
  judgeOverall,
  pushSample,
  sparkline,
} from './advice.ts'

const health = (changes: Partial<StreamHealth>): StreamHealth => ({
  videoBitrateBps: 2_600_000,
  audioBitrateBps: 128_000,
  frameRate: 30,
  keyFrameIntervalMs: 2_000,
  width: 1280,
  height: 720,
  videoCodec: 'avc1.640028',
  audioCodec: 'mp4a.40.2',
  uptimeMs: 1_000,
  warnings: [],
  rungs: ['source'],
  ...changes,
})

describe('advice on key frames', () => {
  it('is content with two seconds, and says so when they are further apart', () => {
    expect(judgeKeyFrames(2_000).tone).toBe('good')
    expect(judgeKeyFrames(2_002).tone).toBe('good')
    expect(judgeKeyFrames(4_000)).toEqual({ tone: 'warn', code: 'key-long' })
    expect(judgeKeyFrames(8_333)).toEqual({ tone: 'bad', code: 'key-too-long' })
    expect(judgeKeyFrames(100)).toEqual({ tone: 'warn', code: 'key-short' })
  })
  it('waits for the second one', () => {
    expect(judgeKeyFrames(null).tone).toBe('none')
    expect(judgeKeyFrames(0).tone).toBe('none')
  })
})

describe('advice on frame rate and bit rate', () => {
  it('accepts film, not slide shows', () => {
    expect(judgeFrameRate(23.98).tone).toBe('good')
    expect(judgeFrameRate(15).code).toBe('fps-low')
    expect(judgeFrameRate(0).tone).toBe('bad')
  })
  it('judges bits by the size of the picture', () => {
    expect(judgeBitrate(health({})).tone).toBe('good')
    expect(judgeBitrate(health({ width: 1920, height: 1080, frameRate: 60 })).code).toBe('bitrate-low')
    expect(judgeBitrate(health({ width: 640, height: 360, videoBitrateBps: 9_000_000 })).code).toBe(
      'bitrate-high',
    )
    expect(judgeBitrate(health({ videoBitrateBps: 0 })).tone).toBe('bad')
    expect(judgeBitrate(health({ width: 0, height: 0 })).tone).toBe('none')
  })
})

describe('codec names', () => {
  it('are those that people know', () => {
    expect(codecName('avc1.640028')).toBe('H.264')
    expect(codecName('mp4a.40.2')).toBe('AAC')
    expect(codecName('xyz1')).toBe('xyz1')
  })
})

describe('the stream as a whole', () => {
  const good = judgeKeyFrames(2_000)
  it('is as its worst gauge says', () => {
    expect(judgeOverall([good, judgeFrameRate(30)], [])).toBe('good')
    expect(judgeOverall([good, judgeFrameRate(15)], [])).toBe('warn')
    expect(judgeOverall([judgeFrameRate(15), judgeFrameRate(0)], ['no-audio'])).toBe('bad')
  })
  it('is not good while there is a warning, but for one that asks nothing of anybody', () => {
    expect(judgeOverall([good], ['ladder-behind'])).toBe('warn')
    expect(judgeOverall([good], ['ladder-off-machine'])).toBe('good')
    expect(judgeOverall([good], ['ladder-off-machine', 'no-audio'])).toBe('warn')
  })
})

describe('the bit rate’s line', () => {
  it('keeps the newest samples', () => {
    expect(pushSample([1, 2, 3], 4, 3)).toEqual([2, 3, 4])
  })
  it('needs two samples', () => {
    expect(sparkline([5], 10, 100, 20).line).toBe('')
  })
  it('ends at the right edge and stays inside its box', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000_000), { minLength: 2, maxLength: 20 }), (samples) => {
        const { line } = sparkline(samples, 20, 100, 20)
        const points = line
          .slice(1)
          .split('L')
          .map((point) => point.split(' ').map(Number) as [number, number])
        expect(points.at(-1)?.[0]).toBe(100)
        for (const [x, y] of points) {
          expect(x).toBeGreaterThanOrEqual(0)
          expect(y).toBeGreaterThanOrEqual(0)
          expect(y).toBeLessThanOrEqual(20)
        }
      }),
    )
  })
})
