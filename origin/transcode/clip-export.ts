import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClipExportTask, ClipRun } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { FfmpegError, frameTimes, probe, runFfmpeg } from '../media/ffmpeg.ts'
import { type Cut, clipGraph, clipOutput, type Picture } from './clip-arguments.ts'
import { cutOf } from './clip-cut.ts'
import { withTrackFile } from './clip-source.ts'
import type { Run, TaskDeps } from './deps.ts'
import { JobError } from './job-error.ts'
import { fileInputOptions } from './picture.ts'

/** Ten minutes of 1080p60 on a slow processor. */
const LIMITS = { wallMs: 2 * 3600_000, cpuSeconds: 4 * 3600, allocationBytes: 1024 * 1024 * 1024 }
/** Live streams come first. */
const NICENESS = 10
/** A clip with more breaks than this is of a broken stream. */
const MAX_RUNS = 100

/** A run whose tracks lie in files. */
interface LocalRun {
  run: ClipRun
  picturePath: string
  soundPath: string | null
}

/**
 * Makes a file of a clip: its frames, all of them and no other, encoded again, and the sound that belongs to them. The
 * finished file is counted before it is handed over.
 * @throws JobError `missing`, `too-large`, `no-picture`, `unsupported`, `not-media`; FfmpegError
 */
export async function exportClip(deps: TaskDeps, task: ClipExportTask, run: Run): Promise<void> {
  if (task.runs.length > MAX_RUNS) throw new JobError('unsupported', `${task.runs.length} breaks in one clip`)
  const path = join(deps.scratch, `${randomUUID()}.mp4`)
  try {
    const frames = await withFiles(deps, task.runs, run.signal, (files) => encode(files, path, run))
    const body = createReadStream(path)
    await deps.blobs.put(task.blobKey, body, { contentType: 'video/mp4', signal: run.signal })
    const { clipId, blobKey } = task
    const { outdated } = await deps.api.setClipExport({ clipId, blobKey, frames }, { signal: run.signal })
    if (outdated) await deps.blobs.delete([blobKey])
  } finally {
    await rm(path, { force: true })
  }
}

/** Has all tracks of all runs in files while `use` runs. */
async function withFiles<T>(
  deps: TaskDeps,
  runs: readonly ClipRun[],
  signal: AbortSignal,
  use: (files: LocalRun[]) => Promise<T>,
  files: LocalRun[] = [],
): Promise<T> {
  const [run, ...others] = runs
  if (!run) return await use(files)
  const { video, audio } = run
  if (!video) throw new JobError('no-picture', 'a clip of sound alone')
  const about = { blobs: deps.blobs, scratch: deps.scratch, signal }
  return await withTrackFile(about, video, (picturePath) => {
    const next = (soundPath: string | null) =>
      withFiles(deps, others, signal, use, [...files, { run, picturePath, soundPath }])
    return audio ? withTrackFile(about, audio, next) : next(null)
  })
}

/** @returns how many frames the file has */
async function encode(
  files: readonly LocalRun[],
  target: string,
  { signal, progress }: Run,
): Promise<number> {
  const taken: { file: LocalRun; cut: Cut }[] = []
  for (const file of files) {
    const cut = cutOf(file.run, await frameTimes(file.picturePath, { options: fileInputOptions(), signal }))
    if (cut) taken.push({ file, cut })
  }
  const [first] = taken
  if (!first) throw new JobError('no-picture', 'no frame lies in the range')
  const cuts = taken.map(({ cut }) => cut)
  const inputs = taken.flatMap(({ file: { picturePath, soundPath } }) =>
    [picturePath, soundPath].flatMap((source) =>
      source === null ? [] : [{ source, options: fileInputOptions() }],
    ),
  )
  const totalMs = cuts.reduce((sum, { seconds }) => sum + seconds * 1000, 0)
  const hasSound = cuts.some(({ soundAt }) => soundAt !== null)
  await runFfmpeg({
    inputs,
    outputs: [clipOutput(target, clipGraph(cuts, await sizeOf(first.file.picturePath, signal)), hasSound)],
    limits: LIMITS,
    niceness: NICENESS,
    signal,
    onProgress: ({ timeMs }) => progress(Math.min(1, timeMs / totalMs)),
  }).catch((error: unknown) => {
    if (!(error instanceof FfmpegError) || error.code !== 'failed') throw error
    throw new JobError('not-media', 'the clip could not be encoded', { cause: error })
  })
  const wanted = cuts.reduce((sum, { frames }) => sum + frames, 0)
  const { length: frames } = await frameTimes(target, { options: fileInputOptions(), signal })
  if (frames !== wanted) throw new JobError('not-media', `${frames} frames could be decoded, not ${wanted}`)
  return frames
}

async function sizeOf(path: string, signal: AbortSignal): Promise<Picture> {
  const { streams } = await probe(path, { options: fileInputOptions(), signal })
  const { width = 0, height = 0 } = streams.find(({ codec_type }) => codec_type === 'video') ?? {}
  // 4:2:0 has no odd sizes.
  const even = (lines: number) => lines - (lines % 2)
  if (width < 2 || height < 2) throw new JobError('no-picture', 'the picture has no size')
  return { width: even(width), height: even(height) }
}
