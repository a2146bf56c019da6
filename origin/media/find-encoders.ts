import { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { type EncoderRow, nvdecRow, nvencRow, x264Row } from './encoders.ts'
import { FfmpegError, runFfmpeg } from './ffmpeg.ts'
import { FlvReader } from './flv/reader.ts'
import { sourceEventOf } from './flv/source.ts'
import type { Rung } from './ladder.ts'
import { liveInputArguments, rungOutputArguments } from './ladder-arguments.ts'

/** One frame through a row, with what a driver takes that has just woken up. */
const ROW_DEADLINE_MS = 10_000
const SOURCE = { width: 640, height: 360 }
/** Two, so that the picture is split too; no smaller than encoders on cards take. */
const rungs: Rung[] = [
  { id: 'large', width: 426, height: 240, bitrateBps: 350_000 },
  { id: 'small', width: 320, height: 180, bitrateBps: 200_000 },
]

/**
 * The rows that work on this machine, best first; the last one is always x264. Only a frame that went through the whole
 * row tells: that ffmpeg lists an encoder says nothing, and cards differ in what they have.
 * @throws FfmpegError `aborted`, `not-found`, or what x264 itself fails with
 */
export async function findEncoderRows(signal?: AbortSignal): Promise<EncoderRow[]> {
  const frame = await makeFrame(signal)
  // What doesn't decode on the card has no use for the card's encoder.
  if (!(await rowWorks(nvdecRow, frame, signal))) return [x264Row]
  if (!(await rowWorks(nvencRow, frame, signal))) return [nvdecRow, x264Row]
  return [nvencRow, nvdecRow, x264Row]
}

/** An H.264 frame in FLV, as an encoder would send it. */
export async function makeFrame(signal?: AbortSignal): Promise<Uint8Array> {
  const { target, bytes } = memory()
  const picture = `testsrc2=size=${SOURCE.width}x${SOURCE.height}:rate=30`
  const encode = ['-frames:v', '1', '-pix_fmt', 'yuv420p', ...x264Row.encode({ bitrateBps: 500_000 })]
  await runFfmpeg({
    inputs: [{ source: picture, options: ['-f', 'lavfi'] }],
    outputs: [{ target, options: [...encode, '-f', 'flv'] }],
    limits: { wallMs: ROW_DEADLINE_MS },
    ...(signal && { signal }),
  })
  return await bytes()
}

/**
 * Whether a frame comes out of every step of a row: decoder, scaler, encoder.
 * @throws FfmpegError `aborted`, `not-found`
 */
export async function rowWorks(row: EncoderRow, frame: Uint8Array, signal?: AbortSignal): Promise<boolean> {
  const { target, bytes } = memory()
  const [first = [], second = []] = rungOutputArguments(rungs, row)
  try {
    await runFfmpeg({
      inputs: [{ source: Readable.from([frame]), options: liveInputArguments(row) }],
      outputs: [
        { target, options: first },
        { target: '/dev/null', options: second },
      ],
      limits: { wallMs: ROW_DEADLINE_MS },
      ...(signal && { signal }),
    })
    // ffmpeg ends well, too, when its decoder gave nothing.
    return holdsFrame(await bytes())
  } catch (error) {
    if (error instanceof FfmpegError && (error.code === 'failed' || error.code === 'timeout')) return false
    throw error
  }
}

function holdsFrame(flv: Uint8Array): boolean {
  let found = false
  new FlvReader((tag) => {
    if (sourceEventOf(tag, 0)?.type === 'sample') found = true
  }).push(flv)
  return found
}

/** `bytes` waits for what ffmpeg wrote last: the process has ended before all of it was read. */
function memory(): { target: Writable; bytes(): Promise<Uint8Array> } {
  const chunks: Buffer[] = []
  const target = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  return {
    target,
    async bytes() {
      await finished(target)
      return Buffer.concat(chunks)
    },
  }
}
