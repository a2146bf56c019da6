import type { StoryboardTask } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { sheetPath } from '@streamtube/contracts/media-paths.ts'
import type { Run, TaskDeps } from './deps.ts'
import { JobError } from './job-error.ts'
import { withKeyFrames } from './key-frames.ts'
import { drawSheet } from './sheet.ts'

/**
 * Makes sheets of small pictures of a timeline. Bounded: of each five seconds one key frame is read and decoded, a minute
 * in one ffmpeg, ten minutes in one job.
 */
export async function makeStoryboard(
  deps: TaskDeps,
  task: StoryboardTask,
  { signal, progress }: Run,
): Promise<void> {
  const { api, blobs, log } = deps
  const { videoId, timelineId, nextMinute, done } = task
  for (const [i, { minute, pictures }] of task.sheets.entries()) {
    try {
      const jpeg = await withKeyFrames({ ...deps, signal }, pictures, (paths) =>
        drawSheet(paths, task, signal),
      )
      const key = sheetPath(timelineId, minute).replace(/^m\//, 'timelines/')
      await blobs.put(key, jpeg, { contentType: 'image/jpeg', signal })
    } catch (error) {
      // A minute that can't be decoded has no pictures; those after it may.
      if (!(error instanceof JobError) || error.retryable) throw error
      log.warn({ err: error, videoId, minute }, 'a minute without small pictures')
    }
    progress((i + 1) / task.sheets.length)
  }
  await api.setStoryboard({ videoId, nextMinute, done }, { signal })
}
