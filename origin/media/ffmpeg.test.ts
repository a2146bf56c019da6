import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import { type FfmpegRun, findFfmpeg, globalArguments, parseProgress, probe, runFfmpeg } from './ffmpeg.ts'

const folder = mkdtempSync(join(tmpdir(), 'streamtube-ffmpeg-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const picture = (options: string[]) => [
  { source: 'testsrc2=size=64x64:rate=25', options: ['-f', 'lavfi', ...options] },
]
/** Runs until it is ended. */
const endless = (more: Partial<FfmpegRun>): FfmpegRun => ({
  inputs: picture(['-re']),
  outputs: [{ target: '/dev/null', options: ['-f', 'null'] }],
  ...more,
})

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a run of ffmpeg', () => {
  test('makes a file that can be looked into, and says how far it is', async () => {
    const path = join(folder, 'a file.mp4')
    const times: number[] = []
    await runFfmpeg({
      inputs: picture(['-t', '2']),
      outputs: [{ target: path, options: ['-c:v', 'libx264', '-preset', 'ultrafast'] }],
      onProgress: ({ timeMs }) => times.push(timeMs),
    })
    const { format, streams } = await probe(path)
    expect(format.duration).toBe(2)
    expect(streams).toMatchObject([{ codec_name: 'h264', width: 64, height: 64 }])
    expect(times.at(-1)).toBeGreaterThan(1_500)
  })

  test('reads a stream', async () => {
    const frames = Readable.from([Buffer.alloc(16 * 16 * 3 * 5)])
    const target = join(folder, 'from-stdin.mkv')
    await runFfmpeg({
      inputs: [
        { source: frames, options: ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', '16x16', '-r', '5'] },
      ],
      outputs: [{ target, options: ['-c:v', 'ffv1'] }],
    })
    expect((await probe(target)).format.duration).toBe(1)
  })

  test('that fails says why', async () => {
    const run = runFfmpeg({
      inputs: [{ source: join(folder, 'missing'), options: [] }],
      outputs: [{ target: '/dev/null', options: ['-f', 'null'] }],
    })
    await expect(run).rejects.toMatchObject({
      code: 'failed',
      stderr: expect.stringContaining('No such file'),
    })
  })

  test('that takes too long is ended, and its process is gone', async () => {
    let pid = 0
    const run = runFfmpeg(
      endless({
        limits: { wallMs: 300 },
        onStart: (started) => {
          pid = started.pid
        },
      }),
    )
    await expect(run).rejects.toMatchObject({ code: 'timeout' })
    expect(alive(pid)).toBe(false)
  })

  test('that is given up ends, also before it has begun', async () => {
    const stop = new AbortController()
    let pid = 0
    const run = runFfmpeg(
      endless({
        signal: stop.signal,
        onStart: (started) => {
          pid = started.pid
          stop.abort()
        },
      }),
    )
    await expect(run).rejects.toMatchObject({ code: 'aborted' })
    expect(alive(pid)).toBe(false)
    await expect(runFfmpeg(endless({ signal: AbortSignal.abort() }))).rejects.toMatchObject({
      code: 'aborted',
    })
    const early = new AbortController()
    const soon = runFfmpeg(endless({ signal: early.signal }))
    early.abort()
    await expect(soon).rejects.toMatchObject({ code: 'aborted' })
  })

  test('never takes an output for an option', async () => {
    await expect(
      runFfmpeg({ inputs: picture(['-t', '1']), outputs: [{ target: '-y', options: [] }] }),
    ).rejects.toThrow('hyphen')
  })
})

test('looking into what is not media fails', async () => {
  const path = join(folder, 'text.txt')
  writeFileSync(path, 'only words')
  await expect(probe(path)).rejects.toMatchObject({ code: 'failed' })
})

test('ffmpeg is found here', async () => {
  expect((await findFfmpeg())?.version).toMatch(/^\d/)
})

test('limits become arguments', () => {
  expect(globalArguments({ limits: { cpuSeconds: 1.2, allocationBytes: 1000 } }).join(' ')).toBe(
    '-hide_banner -nostdin -y -nostats -timelimit 2 -max_alloc 1000',
  )
})

test.each([
  [
    'frame=  49 fps=0.0 q=-1.0 size=N/A time=00:01:01.96 bitrate=N/A speed=2.5x',
    { timeMs: 61_960, speed: 2.5 },
  ],
  ['size=N/A time=-00:00:00.02 bitrate=N/A speed=N/A', { timeMs: 0, speed: null }],
  ['Stream mapping:', null],
])('the status line "%s" is read', (line, expected) => {
  expect(parseProgress(line)).toEqual(expected)
})
