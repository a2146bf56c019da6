import { PLAYBACK_TOKEN_MAX_SECONDS } from '@streamtube/contracts/claims.ts'
import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { lt } from 'drizzle-orm'

const { revocations } = schema

/**
 * Whose playback ends. What is named by `playback` or `session` is over for good; the others can be granted anew when
 * the rules allow it again.
 */
export type RevocationSubject =
  | { kind: 'playback'; playbackId: string }
  | { kind: 'session'; sessionId: string }
  | { kind: 'viewer'; viewerId: string }
  | { kind: 'viewer-of-asset'; viewerId: string; assetId: string }
  | { kind: 'asset'; assetId: string }

/**
 * A decision that was begun this long after a revocation may still have seen what was before it: the transaction was
 * not through. A token says its second only, so one more belongs to it.
 */
const OVERLAP_MS = 2_000
/** PostgreSQL takes 65,535 parameters in a statement. */
const ROWS_AT_ONCE = 1_000
/** An edge's clock may be behind by this. */
const CLOCKS_MS = 60_000

/**
 * Ends playback tokens: every edge refuses them within 2 s of the commit.
 * @param db best the transaction of the change that is the reason, so that both happen or neither
 */
export async function revoke(db: Database, subject: RevocationSubject, nowMs: number): Promise<void> {
  await db.insert(revocations).values(rowOf(subject, nowMs))
}

/** As `revoke`, of many assets at once. */
export async function revokeAssets(db: Database, assetIds: readonly string[], nowMs: number): Promise<void> {
  for (let i = 0; i < assetIds.length; i += ROWS_AT_ONCE) {
    const rows = assetIds
      .slice(i, i + ROWS_AT_ONCE)
      .map((assetId) => rowOf({ kind: 'asset', assetId }, nowMs))
    await db.insert(revocations).values(rows)
  }
}

function rowOf(subject: RevocationSubject, nowMs: number): typeof revocations.$inferInsert {
  return {
    id: newId(),
    ...columnsOf(subject, nowMs),
    expiresAt: new Date(nowMs + OVERLAP_MS + PLAYBACK_TOKEN_MAX_SECONDS * 1000 + CLOCKS_MS),
  }
}

function columnsOf(subject: RevocationSubject, nowMs: number): Partial<typeof revocations.$inferInsert> {
  const decidedUntil = new Date(nowMs + OVERLAP_MS)
  switch (subject.kind) {
    case 'playback':
      return { playbackId: subject.playbackId }
    case 'session':
      return { sessionId: subject.sessionId }
    case 'viewer':
      return { viewerId: subject.viewerId, decidedUntil }
    case 'viewer-of-asset':
      return { viewerId: subject.viewerId, assetId: subject.assetId, decidedUntil }
    case 'asset':
      return { assetId: subject.assetId, decidedUntil }
  }
}

/** Deletes revocations of tokens that have all expired. */
export async function deleteOldRevocations(db: Database, nowMs: number): Promise<void> {
  await db.delete(revocations).where(lt(revocations.expiresAt, new Date(nowMs)))
}
