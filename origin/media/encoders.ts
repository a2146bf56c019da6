import { FfmpegError, runFfmpeg } from './ffmpeg.ts'
import type { Rung } from './ladder.ts'

/** One H.264 encoder of ffmpeg's. A new one is a new row. */
export interface Encoder {
  id: 'nvenc' | 'x264'
  /** Options of one live output: no B-frames, nothing held back, key frames only where they are forced. */
  arguments(rung: Pick<Rung, 'bitrateBps'>): string[]
}

const nvenc: Encoder = {
  id: 'nvenc',
  arguments: ({ bitrateBps }) => [
    ...['-c:v', 'h264_nvenc', '-preset', 'p4', '-tune', 'ull', '-profile:v', 'high'],
    ...['-rc', 'vbr', '-cq', '25', '-b:v', '0'],
    ...['-maxrate', String(bitrateBps), '-bufsize', String(bitrateBps)],
    ...['-bf', '0', '-g', '9999', '-forced-idr', '1', '-no-scenecut', '1', '-delay', '0'],
  ],
}

const x264: Encoder = {
  id: 'x264',
  arguments: ({ bitrateBps }) => [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high'],
    ...['-crf', '23', '-maxrate', String(bitrateBps), '-bufsize', String(bitrateBps)],
    ...['-bf', '0', '-g', '9999', '-keyint_min', '1', '-sc_threshold', '0', '-forced-idr', '1'],
  ],
}

/** In the order of preference; the last one always works. */
export const encoders = [nvenc, x264] as const

/** True when this machine encodes a frame with it: that an encoder is listed says nothing (its GPU may have none). */
export async function probeEncoder(encoder: Encoder, signal?: AbortSignal): Promise<boolean> {
  try {
    await runFfmpeg({
      inputs: [{ source: 'color=size=256x256:rate=30', options: ['-f', 'lavfi'] }],
      outputs: [
        {
          target: '/dev/null',
          options: [
            '-frames:v',
            '1',
            '-pix_fmt',
            'yuv420p',
            ...encoder.arguments({ bitrateBps: 500_000 }),
            '-f',
            'null',
          ],
        },
      ],
      limits: { wallMs: 10_000 },
      ...(signal && { signal }),
    })
    return true
  } catch (error) {
    if (error instanceof FfmpegError && error.code === 'failed') return false
    throw error
  }
}

/** The first encoder that works here. */
export async function findEncoder(signal?: AbortSignal): Promise<Encoder> {
  for (const encoder of encoders) {
    if (encoder === x264 || (await probeEncoder(encoder, signal))) return encoder
  }
  return x264
}
