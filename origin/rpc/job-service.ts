import type { ServiceImpl } from '@connectrpc/connect'
import type { JobService } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { setClipExport, setClipPicture } from '../clips/index.ts'
import {
  appendFile,
  LEASE_MS,
  type LibraryDeps,
  renewLease,
  setStoryboard,
  setThumbnail,
  type Work,
} from '../library/index.ts'
import { clipTask } from './clip-tasks.ts'
import { storyboardTask } from './storyboard-task.ts'
import { batchOf } from './timeline-messages.ts'

/** A claim waits no longer, whatever it asks for. */
const MAX_WAIT_MS = 30_000
/** A claim answers this long before its caller's deadline, so that no job is given to nobody. */
const ANSWER_EARLY_MS = 500

/** What transcode workers ask. @param deps `closing` ends the claims that wait */
export function jobService(
  deps: LibraryDeps & { work: Work; closing: AbortSignal },
): ServiceImpl<typeof JobService> {
  return {
    async claim({ workerId, waitMs }, { signal, timeoutMs }) {
      const leftMs = (timeoutMs() ?? MAX_WAIT_MS) - ANSWER_EARLY_MS
      const wait = Math.max(0, Math.min(waitMs, MAX_WAIT_MS, leftMs))
      const claimed = await deps.work.claim(workerId, wait, AbortSignal.any([signal, deps.closing]))
      if (!claimed) return {}
      const { job, task } = claimed
      const about = { id: job.id, attempt: job.attempt }
      if (task.kind === 'thumbnail') {
        const { videoId, liveUrl } = task
        const value = { videoId, timelineId: videoId, liveUrl }
        return { leaseMs: LEASE_MS, job: { ...about, task: { case: 'thumbnail', value } } }
      }
      if (task.kind === 'package') {
        const { videoId, timelineId, blobKey } = task
        const value = { videoId, timelineId, blobKey }
        return { leaseMs: LEASE_MS, job: { ...about, task: { case: 'package', value } } }
      }
      const ready =
        task.kind === 'storyboard' ? await storyboardTask(deps, task.videoId) : await clipTask(deps, task)
      if ('task' in ready) return { leaseMs: LEASE_MS, job: { ...about, task: ready.task } }
      await deps.work.finish({ jobId: job.id, workerId, ...ready })
      return {}
    },

    async heartbeat({ jobId, workerId, progress }) {
      const kept = await renewLease(deps.db, { jobId, workerId, progress, nowMs: deps.now() })
      return { cancelled: !kept }
    },

    async finish({ jobId, workerId, error, retryable }) {
      await deps.work.finish({ jobId, workerId, error: error === '' ? null : error, retryable })
      return {}
    },

    async setThumbnail({ videoId, blobKey }) {
      await setThumbnail(deps, { videoId, blobKey })
      return {}
    },

    async setStoryboard({ videoId, nextMinute, done }) {
      await setStoryboard(deps, { videoId, nextMinute, done })
      return {}
    },

    async setClipPicture({ clipId, blobKey }) {
      await setClipPicture(deps, { clipId, blobKey })
      return {}
    },

    async setClipExport({ clipId, blobKey, frames }) {
      return { outdated: !(await setClipExport(deps, { clipId, blobKey, frames })) }
    },

    async appendTimeline(request) {
      await appendFile(deps, { ...batchOf(request), complete: request.complete })
      return {}
    },
  }
}
