import type { PackageTask } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { timeOfId } from '@streamtube/contracts/ids.ts'
import type { Run, TaskDeps } from './deps.ts'
import { JobError } from './job-error.ts'
import { withLocalFile } from './local-file.ts'
import { inspectFile, packageFile } from './package-file.ts'
import { pictureOfFile, publishPicture } from './picture.ts'
import { SegmentSink } from './segment-sink.ts'

/** Every attempt writes the same objects, so one epoch does for all. */
const EPOCH = 1
/** Where a picture is looked for: past the opening. */
const PICTURE_SHARE = 0.6

/** Makes a timeline and a picture of an H.264/AAC file that lies in blobs, without re-encoding. */
export async function packageUpload(
  deps: TaskDeps,
  task: PackageTask,
  { signal, progress }: Run,
): Promise<void> {
  const { blobs, scratch, api, log } = deps
  await withLocalFile({ blobs, key: task.blobKey, scratch, signal }, async (path) => {
    const { durationSeconds } = await inspectFile(path, signal)
    // The picture comes first: a video that can be played can be shown, too.
    try {
      await publishPicture(
        deps,
        task.videoId,
        await pictureOfFile(path, durationSeconds * PICTURE_SHARE, signal),
        signal,
      )
    } catch (error) {
      if (!(error instanceof JobError) || error.code !== 'no-picture') throw error
      log.warn({ err: error, videoId: task.videoId }, 'a video without a picture')
    }
    const sink = new SegmentSink({ api, blobs, timelineId: task.timelineId, epoch: EPOCH, signal })
    await packageFile({
      path,
      durationSeconds,
      epoch: EPOCH,
      startMs: timeOfId(task.timelineId),
      emit: (event) => sink.take(event),
      room: () => sink.room(),
      onProgress: progress,
      signal,
    })
    if (sink.isEmpty) throw new JobError('not-media', 'the file has no frames')
    await sink.finish()
  })
}
