import { Writable } from 'node:stream'
import { runFfmpeg } from '../media/ffmpeg.ts'

const BLOCK = 32
const BITS = 10
const WIDTH = BLOCK * BITS
const HEIGHT = 32

/** Makes an H.264/AAC file whose pictures show their own number, in blocks of black and white; key frames every second. */
export async function makeNumberedFile(about: {
  path: string
  seconds: number
  frameRate: number
  options?: readonly string[]
}): Promise<void> {
  const bit = `mod(floor(N/pow(2,floor(X/${BLOCK}))),2)`
  const picture = `color=size=${WIDTH}x${HEIGHT}:rate=${about.frameRate},geq=lum='16+219*${bit}':cb=128:cr=128`
  await runFfmpeg({
    inputs: [
      { source: picture, options: ['-f', 'lavfi'] },
      { source: 'sine=frequency=440:sample_rate=48000', options: ['-f', 'lavfi'] },
    ],
    outputs: [
      {
        target: about.path,
        options: [
          ...['-t', String(about.seconds), '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
          ...[
            '-g',
            String(about.frameRate),
            '-c:a',
            'aac',
            '-ac',
            '2',
            ...(about.options ?? []),
            '-f',
            'mp4',
          ],
        ],
      },
    ],
    limits: { wallMs: 60_000 },
  })
}

/** The numbers that a file's pictures show, in the order in which they are shown. */
export async function readNumbers(path: string): Promise<number[]> {
  const chunks: Buffer[] = []
  const target = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  await runFfmpeg({
    inputs: [{ source: path, options: [] }],
    outputs: [
      {
        target,
        options: ['-map', '0:v:0', '-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-f', 'rawvideo'],
      },
    ],
    limits: { wallMs: 60_000 },
  })
  const bytes = Buffer.concat(chunks)
  const size = WIDTH * HEIGHT
  return Array.from({ length: bytes.length / size }, (_, frame) => {
    const middle = frame * size + (HEIGHT / 2) * WIDTH
    const bits = Array.from({ length: BITS }, (_, at) => bytes[middle + at * BLOCK + BLOCK / 2] ?? 0)
    return bits.reduce((number, light, at) => number + (light > 127 ? 2 ** at : 0), 0)
  })
}
