import { createHash } from 'node:crypto'
import { Readable, Writable } from 'node:stream'
import { FfmpegError, type FfmpegInput, runFfmpeg } from '../media/ffmpeg.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import type { TaskDeps } from './deps.ts'
import { JobError } from './job-error.ts'

export const PICTURE_WIDTH = 640

const MAX_PICTURE_BYTES = 4 * 1024 * 1024
const LIMITS = { wallMs: 20_000, cpuSeconds: 20, allocationBytes: 512 * 1024 * 1024 }
/** Live streams come first. */
const NICENESS = 10
/** Below this a picture is one colour: the scene has not begun. */
const FRAMES_TO_CHOOSE_FROM = 60

/** Options that let ffmpeg read a file of the MP4 family, and nothing that the file may point to. */
export function fileInputOptions(): string[] {
  return ['-protocol_whitelist', 'file', '-f', 'mov']
}

function outputOptions(filters: string[]): string[] {
  const scale = `scale=${PICTURE_WIDTH}:-2:flags=bicubic,setsar=1,format=yuvj420p`
  const still = ['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '4', '-f', 'image2pipe']
  return ['-map', '0:v:0', '-an', '-vf', [...filters, scale].join(','), '-threads', '1', ...still]
}

/**
 * Decodes the first key frame of a CMAF header and what follows it to a JPEG.
 * @throws JobError `no-picture`, FfmpegError `aborted`
 */
export function pictureOfMedia(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<Uint8Array> {
  const input = {
    source: Readable.from(chunks, { objectMode: false }),
    options: ['-protocol_whitelist', 'pipe', '-threads', '1', '-skip_frame', 'nokey', '-f', 'mp4'],
  }
  return takePicture(input, [], signal)
}

/**
 * Takes the frame that stands best for a file from the seconds after `atSeconds`: not a black or blurred one.
 * @throws JobError `no-picture`, FfmpegError `aborted`
 */
export function pictureOfFile(path: string, atSeconds: number, signal: AbortSignal): Promise<Uint8Array> {
  const seek = ['-ss', atSeconds.toFixed(3)]
  const input = { source: path, options: [...fileInputOptions(), '-threads', '1', ...seek] }
  return takePicture(input, [`thumbnail=${FRAMES_TO_CHOOSE_FROM}`], signal)
}

/**
 * Takes the frame that is shown at a moment of a file of fragments.
 * @throws JobError `no-picture`, FfmpegError `aborted`
 */
export function pictureAt(path: string, seconds: number, signal: AbortSignal): Promise<Uint8Array> {
  const input = { source: path, options: [...fileInputOptions(), '-threads', '1'] }
  return takePicture(input, [`trim=start=${Math.max(0, seconds).toFixed(6)}`], signal)
}

async function takePicture(input: FfmpegInput, filters: string[], signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  const target = new Writable({
    write(chunk: Buffer, _, done) {
      sizeBytes += chunk.length
      chunks.push(chunk)
      done(sizeBytes > MAX_PICTURE_BYTES ? new JobError('too-large', 'the picture is too large') : null)
    },
  })
  // ffmpeg reads no more than it needs: what is left of a pipe is no error of ours.
  if (typeof input.source !== 'string') input.source.on('error', () => undefined)
  try {
    await runFfmpeg({
      inputs: [input],
      outputs: [{ target, options: outputOptions(filters) }],
      limits: LIMITS,
      niceness: NICENESS,
      signal,
    })
  } catch (error) {
    if (error instanceof FfmpegError && error.code === 'failed') {
      throw new JobError('no-picture', 'no frame could be decoded', { cause: error })
    }
    throw error
  }
  const jpeg = Buffer.concat(chunks)
  if (jpeg.length === 0) throw new JobError('no-picture', 'there was no key frame')
  return jpeg
}

/** Stores a video's new picture and tells the api. The same picture has the same name, so a retry changes nothing. */
export async function publishPicture(
  { api, blobs }: Pick<TaskDeps, 'api' | 'blobs'>,
  videoId: string,
  jpeg: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const blobKey = await putPicture(blobs, videoId, jpeg, signal)
  await api.setThumbnail({ videoId, blobKey }, { signal })
}

/** Stores a picture of a video or a clip. @returns its blob key, the same for the same picture */
export async function putPicture(
  blobs: Blobs,
  id: string,
  jpeg: Uint8Array,
  signal: AbortSignal,
): Promise<string> {
  const version = createHash('sha256').update(jpeg).digest('hex').slice(0, 24)
  const blobKey = `thumbnails/${id}/${version}.jpg`
  await blobs.put(blobKey, jpeg, { contentType: 'image/jpeg', signal })
  return blobKey
}
