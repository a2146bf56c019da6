import type { ShownClip } from '@streamtube/contracts/api/clips.ts'
import type { Database } from '@streamtube/db/index.ts'
import { exportOf } from './export.ts'
import { type FoundClip, mayChange, toClip } from './find.ts'
import { rulesFor } from './range.ts'
import { readTake, readView } from './take.ts'

/** A clip as its page shows it to a person. @param personId null for a guest */
export async function toShownClip(
  db: Database,
  found: FoundClip,
  personId: string | null,
  nowMs: number,
): Promise<ShownClip> {
  const { clip, video, ownerId } = found
  const isOfLive = video?.state === 'live'
  const view = await readView(db, clip, isOfLive, nowMs)
  const shown = { ...toClip(found), durationMs: view.durationMs, view }
  if (!mayChange(found, personId)) return { ...shown, desk: null }
  const take = await readTake(db, clip, isOfLive, nowMs)
  return {
    ...shown,
    desk: {
      take: { id: clip.takeId, positionMs: Math.max(0, Math.round(take.startMs)), ...take.view },
      maxDurationMs: rulesFor(ownerId === personId).maxMs,
      export: await exportOf(db, clip),
    },
  }
}
