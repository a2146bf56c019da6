import type { LiveStatus } from '@streamtube/contracts/api/resources.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, asc, desc, eq, gte } from 'drizzle-orm'

const { broadcastEpochs } = schema

/** Notes a publisher session. */
export async function addEpoch(db: Database, session: typeof broadcastEpochs.$inferInsert): Promise<void> {
  await db.insert(broadcastEpochs).values(session)
}

/** The media sequence numbers of one publisher session. */
export interface OwnNumbers {
  first: number
  /** The first one of its follower; infinite for the newest session. */
  end: number
}

/** Which numbers an epoch owns; null when nobody knows of it. */
export async function ownNumbers(
  db: Database,
  about: { broadcastId: string; epoch: number },
): Promise<OwnNumbers | null> {
  const [own, next] = await db
    .select()
    .from(broadcastEpochs)
    .where(and(eq(broadcastEpochs.broadcastId, about.broadcastId), gte(broadcastEpochs.epoch, about.epoch)))
    .orderBy(asc(broadcastEpochs.epoch))
    .limit(2)
  if (own?.epoch !== about.epoch) return null
  return { first: own.firstSequence, end: next?.firstSequence ?? Number.POSITIVE_INFINITY }
}

/** True for what an epoch may say: its own segments, and gaps also in the place of earlier epochs' losses. */
export function isOwn(entry: { sequence: number; gap: boolean }, { first, end }: OwnNumbers): boolean {
  return entry.sequence < end && (entry.gap || entry.sequence >= first)
}

/** When a publisher went on last with what an earlier one had begun; null while the first one is all there was. */
export async function lastReturn(
  db: Database,
  broadcast: { id: string; startedAt: Date | null },
): Promise<LiveStatus['lastReturn']> {
  const { id, startedAt } = broadcast
  const [newest, before] = await db
    .select()
    .from(broadcastEpochs)
    .where(eq(broadcastEpochs.broadcastId, id))
    .orderBy(desc(broadcastEpochs.epoch))
    .limit(2)
  // Who came before the broadcast was live only tried.
  if (!newest || !before || !startedAt || newest.startedAt <= startedAt) return null
  return { at: newest.startedAt.toISOString(), otherAddress: newest.remoteAddress !== before.remoteAddress }
}
