import type { MessageInitShape } from '@bufbuild/protobuf'
import { STORYBOARD } from '@streamtube/contracts/api/resources.ts'
import type { JobSchema } from '@streamtube/contracts/gen/streamtube/v1/jobs_pb'
import { type LibraryDeps, nextSheets } from '../library/index.ts'

type Task = NonNullable<MessageInitShape<typeof JobSchema>['task']>

/** A job about a video's small pictures as a worker gets it, or how it ends without one. */
export async function storyboardTask(
  deps: LibraryDeps,
  videoId: string,
): Promise<{ task: Task } | { error: null; retryable: boolean }> {
  const work = await nextSheets(deps, videoId)
  if (!work) return { error: null, retryable: false }
  const sheets = work.sheets.map(({ minute, pictures }) => ({
    minute,
    pictures: pictures.map((picture) => picture ?? {}),
  }))
  const value = { ...work, sheets, columns: STORYBOARD.columns }
  return { task: { case: 'storyboard', value } }
}
