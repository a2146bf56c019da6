import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { MediaError } from '../media/errors.ts'
import { FfmpegError, type Probe, probe, runFfmpeg } from '../media/ffmpeg.ts'
import { FlvReader } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import { Packager, type PackagerEvent } from '../media/packager.ts'
import { Sanitiser } from '../media/sanitiser.ts'
import { JobError } from './job-error.ts'
import { fileInputOptions } from './picture.ts'

/** Enough to copy 64 GiB from a slow disk. */
const LIMITS = { wallMs: 4 * 3600_000, cpuSeconds: 3600, allocationBytes: 1024 * 1024 * 1024 }
const NICENESS = 5
const PART_TARGET_MS = 510

export interface PackageFile {
  path: string
  /** As `inspectFile` said. */
  durationSeconds: number
  epoch: number
  /** Program time of the first frame: the same in every attempt. */
  startMs: number
  emit: (event: PackagerEvent) => void
  /** Waits until there is room for what more of the file will become. */
  room: () => Promise<void>
  onProgress: (share: number) => void
  signal: AbortSignal
}

/**
 * Looks into an untrusted file: is it one that can be packaged?
 * @throws JobError `not-media`, `unsupported`
 */
export async function inspectFile(path: string, signal: AbortSignal): Promise<{ durationSeconds: number }> {
  const found = await probe(path, { options: fileInputOptions(), signal }).catch((error: unknown) => {
    if (!(error instanceof FfmpegError) || error.code !== 'failed') throw error
    throw new JobError('not-media', 'the file cannot be read as a video', { cause: error })
  })
  const video = firstOf(found, 'video')
  const audio = firstOf(found, 'audio')
  if (!video) throw new JobError('unsupported', 'the file has no picture')
  if (video.codec_name !== 'h264') throw new JobError('unsupported', `${video.codec_name} video, not H.264`)
  if (audio && audio.codec_name !== 'aac')
    throw new JobError('unsupported', `${audio.codec_name} audio, not AAC`)
  return { durationSeconds: found.format.duration ?? video.duration ?? 0 }
}

function firstOf(found: Probe, kind: 'video' | 'audio') {
  return found.streams.find((stream) => stream.codec_type === kind)
}

/**
 * Packages an H.264/AAC file by copying its samples: ffmpeg takes them out of the file, as fast as the store takes what
 * becomes of them.
 * @throws JobError `not-media`, `unsupported`, FfmpegError `aborted`, `timeout`, what `room` throws
 */
export async function packageFile(file: PackageFile): Promise<void> {
  const packager = new Packager(
    { epoch: file.epoch, firstSequence: 0, partTargetMs: PART_TARGET_MS },
    file.emit,
  )
  const sanitiser = new Sanitiser((event) => packager.push(event))
  const reader = new FlvReader((tag) => {
    const event = sourceEventOf(tag, file.startMs + tag.timestampMs)
    if (event) sanitiser.push(event)
    file.onProgress(shareOf(tag.timestampMs / 1000, file.durationSeconds))
  })
  let failure: unknown
  const target = new Writable({
    write(chunk: Buffer, _, done) {
      Promise.resolve()
        .then(() => {
          reader.push(chunk)
          return file.room()
        })
        .then(() => done())
        .catch((error: unknown) => {
          failure = error
          done(error instanceof Error ? error : new Error(String(error)))
        })
    },
  })
  try {
    await runFfmpeg({
      inputs: [{ source: file.path, options: fileInputOptions() }],
      outputs: [{ target, options: ['-map', '0:v:0', '-map', '0:a:0?', '-c', 'copy', '-f', 'flv'] }],
      limits: LIMITS,
      niceness: NICENESS,
      signal: file.signal,
    })
    // ffmpeg has ended; what it wrote last may still wait for room.
    await finished(target, { signal: file.signal })
  } catch (error) {
    throw toJobError(failure ?? error)
  }
  sanitiser.finish()
  packager.finish()
}

function shareOf(seconds: number, durationSeconds: number): number {
  return durationSeconds > 0 ? Math.min(1, seconds / durationSeconds) : 0
}

function toJobError(error: unknown): unknown {
  if (error instanceof MediaError) return new JobError('unsupported', error.message, { cause: error })
  if (error instanceof FfmpegError && error.code === 'failed') {
    return new JobError('not-media', 'the file is damaged', { cause: error })
  }
  return error
}
