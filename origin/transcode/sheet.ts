import { Writable } from 'node:stream'
import { FfmpegError, runFfmpeg } from '../media/ffmpeg.ts'
import { JobError } from './job-error.ts'

export interface SheetShape {
  /** Of one picture, in pixels. */
  width: number
  height: number
  columns: number
}

const LIMITS = { wallMs: 30_000, cpuSeconds: 20, allocationBytes: 512 * 1024 * 1024 }
/** Live streams come first. */
const NICENESS = 10
const MAX_SHEET_BYTES = 4 * 1024 * 1024

/**
 * Draws the first key frame of each file into one JPEG, row by row; black where there is none.
 * @param paths files of our own making: a CMAF header and the beginning of a segment
 * @throws JobError `no-picture`; FfmpegError `aborted`, `timeout`
 */
export async function drawSheet(
  paths: readonly (string | null)[],
  shape: SheetShape,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  const target = new Writable({
    write(chunk: Buffer, _, done) {
      sizeBytes += chunk.length
      chunks.push(chunk)
      done(sizeBytes > MAX_SHEET_BYTES ? new JobError('too-large', 'the sheet is too large') : null)
    },
  })
  const options = ['-protocol_whitelist', 'file', '-threads', '1', '-skip_frame', 'nokey', '-f', 'mov']
  try {
    await runFfmpeg({
      inputs: paths.flatMap((path) => (path === null ? [] : [{ source: path, options }])),
      outputs: [
        {
          target,
          options: sheetOptions(
            paths.map((path) => path !== null),
            shape,
          ),
        },
      ],
      limits: LIMITS,
      niceness: NICENESS,
      signal,
    })
  } catch (error) {
    if (error instanceof FfmpegError && error.code === 'failed') {
      throw new JobError('no-picture', 'no sheet could be drawn', { cause: error })
    }
    throw error
  }
  if (sizeBytes === 0) throw new JobError('no-picture', 'there was no key frame')
  return Buffer.concat(chunks)
}

/** ffmpeg's options for a sheet. @param given which of its places have a picture, each an input of its own */
export function sheetOptions(given: readonly boolean[], { width, height, columns }: SheetShape): string[] {
  const rows = Math.ceil(given.length / columns)
  const fit = `scale=${width}:${height}:flags=bicubic,setsar=1,format=yuvj420p`
  let input = 0
  const places = given.map((has, i) =>
    has
      ? `[${input++}:v:0]trim=end_frame=1,setpts=0,${fit}[p${i}]`
      : `color=c=black:size=${width}x${height}:rate=1:duration=1,setsar=1,format=yuvj420p[p${i}]`,
  )
  const all = given.map((_, i) => `[p${i}]`).join('')
  const layout = given.map((_, i) => `${(i % columns) * width}_${Math.floor(i / columns) * height}`).join('|')
  const stack = `${all}xstack=inputs=${given.length}:layout=${layout}:fill=black[sheet]`
  const still = ['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '5', '-f', 'image2pipe']
  const size = ['-s', `${columns * width}x${rows * height}`]
  return [
    '-filter_complex',
    [...places, stack].join(';'),
    '-map',
    '[sheet]',
    '-an',
    ...size,
    '-threads',
    '1',
    ...still,
  ]
}
