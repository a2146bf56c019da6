import type { ThumbnailTask } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import type { Run, TaskDeps } from './deps.ts'
import { fetchNewestPicture } from './fetch-live.ts'
import { pictureOfMedia, publishPicture } from './picture.ts'

/** Makes a picture of a live broadcast from its newest key frame. */
export async function makeThumbnail(deps: TaskDeps, task: ThumbnailTask, { signal }: Run): Promise<void> {
  const chunks = await fetchNewestPicture({
    liveUrl: task.liveUrl,
    broadcastId: task.videoId,
    serviceToken: deps.serviceToken,
    signal,
  })
  const jpeg = await pictureOfMedia(chunks, signal)
  await publishPicture(deps, task.videoId, jpeg, signal)
}
