import type { ClipPictureTask } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { withTrackFile } from './clip-source.ts'
import type { Run, TaskDeps } from './deps.ts'
import { JobError } from './job-error.ts'
import { pictureAt, putPicture } from './picture.ts'

/** The first frame of a clip is in these: decoding begins at most a key-frame interval before it. */
const SEGMENTS = 8

/** Makes a picture of a clip's first frame. */
export async function pictureClip(deps: TaskDeps, task: ClipPictureTask, { signal }: Run): Promise<void> {
  const { api, blobs, scratch } = deps
  const video = task.run?.video
  if (!video) throw new JobError('no-picture', 'a clip of sound alone')
  const some = { initKey: video.initKey, segmentKeys: video.segmentKeys.slice(0, SEGMENTS) }
  await withTrackFile({ blobs, scratch, signal }, some, async (path) => {
    const jpeg = await pictureAt(path, video.startMs / 1000, signal)
    const blobKey = await putPicture(blobs, task.clipId, jpeg, signal)
    await api.setClipPicture({ clipId: task.clipId, blobKey }, { signal })
  })
}
