import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { newId } from '@streamtube/contracts/ids.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import { exportClip } from './clip-export.ts'
import { pictureClip } from './clip-picture.ts'
import type { JobApi, Run, TaskDeps } from './deps.ts'
import { JobError } from './job-error.ts'
import { createTranscodeMetrics } from './metrics.ts'
import { packageUpload } from './package.ts'
import { makeStoryboard } from './storyboard.ts'
import { makeThumbnail } from './thumbnail.ts'
import { Worker } from './worker.ts'

export interface TranscodeOptions {
  api: JobApi
  blobs: Blobs
  serviceToken: string
  log: Logger
  metrics: Metrics
  /** How many jobs at once; one for every two cores unless told: streams that are live need the rest. */
  workers?: number
  /** How long a claim waits at the api. */
  claimWaitMs?: number
}

/** Workers that run until they are closed. */
export interface RunningTranscode {
  /** True while the api answers all of them. */
  ready(): boolean
  /** Stops; jobs under way are handed back. */
  close(): Promise<void>
}

/** Starts the workers of this process. */
export async function startWorkers(options: TranscodeOptions): Promise<RunningTranscode> {
  const { api, blobs, serviceToken, log, claimWaitMs } = options
  const scratch = await mkdtemp(join(tmpdir(), 'streamtube-jobs-'))
  const deps: TaskDeps = { api, blobs, serviceToken, scratch, log }
  const metrics = createTranscodeMetrics(options.metrics)
  const count = options.workers ?? Math.max(1, Math.floor(availableParallelism() / 2))
  const workers = Array.from(
    { length: count },
    () =>
      new Worker({
        api,
        workerId: newId(),
        run: (job, run) => runTask(deps, job, run),
        log,
        metrics,
        ...(claimWaitMs !== undefined && { claimWaitMs }),
      }),
  )
  return {
    ready: () => workers.every((worker) => worker.isReady),
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

async function runTask(deps: TaskDeps, { task }: Job, run: Run): Promise<void> {
  switch (task.case) {
    case 'thumbnail':
      return await makeThumbnail(deps, task.value, run)
    case 'package':
      return await packageUpload(deps, task.value, run)
    case 'storyboard':
      return await makeStoryboard(deps, task.value, run)
    case 'clipPicture':
      return await pictureClip(deps, task.value, run)
    case 'clipExport':
      return await exportClip(deps, task.value, run)
    case undefined:
      throw new JobError('unsupported', 'this worker does not know such jobs', { retryable: true })
  }
}
