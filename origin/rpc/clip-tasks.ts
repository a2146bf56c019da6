import type { MessageInitShape } from '@bufbuild/protobuf'
import type { JobSchema } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import type { Database } from '@streamtube/db/index.ts'
import { planClip, type RunPlan } from '../clips/index.ts'

type Task = NonNullable<MessageInitShape<typeof JobSchema>['task']>

/** A job about a clip as a worker gets it, or how it ends without one. */
export async function clipTask(
  { db, now }: { db: Database; now: () => number },
  { kind, clipId }: { kind: 'clip-picture' | 'clip-export'; clipId: string },
): Promise<{ task: Task } | { error: string; retryable: boolean }> {
  const plan = await planClip(db, clipId, now())
  if (!plan) return { error: 'the clip is gone, or its media', retryable: false }
  const runs = plan.runs.map(toRun)
  if (kind === 'clip-picture') {
    return { task: { case: 'clipPicture', value: { clipId, ...(runs[0] && { run: runs[0] }) } } }
  }
  if (!plan.isWhole) return { error: 'the end of the clip is not recorded yet', retryable: true }
  return { task: { case: 'clipExport', value: { clipId, blobKey: plan.blobKey, runs } } }
}

function toRun({ video, audio }: RunPlan) {
  return { ...(video && { video }), ...(audio && { audio }) }
}
