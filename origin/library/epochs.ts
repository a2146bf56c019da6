import type { LiveStatus } from '@streamtube/contracts/api/resources.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { desc, eq } from 'drizzle-orm'

const { broadcastEpochs } = schema

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
  if (!newest || !before || !startedAt || newest.startedAt < startedAt) return null
  return { at: newest.startedAt.toISOString(), otherAddress: newest.remoteAddress !== before.remoteAddress }
}
