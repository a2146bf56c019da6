import { STORYBOARD, type Storyboard } from '@streamtube/contracts/api/resources.ts'
import type { schema } from '@streamtube/db/index.ts'

type VideoRow = typeof schema.videos.$inferSelect

/** What the API says of a video's small pictures; null where there are none. */
export function storyboardOf({ timelineId, storyboardMinute }: VideoRow): Storyboard | null {
  return storyboardMinute === null ? null : { timelineId, ...STORYBOARD, untilMs: storyboardMinute * 60_000 }
}
