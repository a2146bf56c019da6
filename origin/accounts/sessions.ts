import { newId } from '@streamtube/contracts/ids.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, gt, lt, or } from 'drizzle-orm'
import type { Viewer } from '../http/context.ts'
import { revoke } from '../revocations/index.ts'
import { newToken, tokenHash } from '../tokens.ts'

const { sessions } = schema

const DAY_MS = 24 * 3600 * 1000
/** A session nobody uses ends after this. */
const SESSION_IDLE_MS = 30 * DAY_MS
/** No session outlives this; the cookie neither. */
export const SESSION_MAX_MS = 90 * DAY_MS
/** Being seen is written down once in this time, not with every request. */
const SEEN_STEP_MS = 3600 * 1000

/**
 * Signs a person in. The browser's earlier session, if it had one, ends: a token from before sign-in never becomes a
 * signed-in one.
 * @returns the cookie's value, which is kept nowhere
 */
export async function startSession(
  db: Database,
  about: { personId: string; oldToken: string | null; nowMs: number },
): Promise<string> {
  if (about.oldToken !== null) await endSession(db, about.oldToken, about.nowMs)
  const token = newToken()
  const at = new Date(about.nowMs)
  await db.insert(sessions).values({
    id: newId(),
    personId: about.personId,
    tokenHash: tokenHash(token),
    createdAt: at,
    lastSeenAt: at,
    expiresAt: new Date(about.nowMs + SESSION_MAX_MS),
  })
  return token
}

/** Who a cookie's value stands for, or null. */
export async function findSession(db: Database, token: string, nowMs: number): Promise<Viewer | null> {
  const [row] = await db
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.tokenHash, tokenHash(token)),
        gt(sessions.expiresAt, new Date(nowMs)),
        gt(sessions.lastSeenAt, new Date(nowMs - SESSION_IDLE_MS)),
      ),
    )
  if (!row) return null
  if (row.lastSeenAt.getTime() < nowMs - SEEN_STEP_MS) {
    await db
      .update(sessions)
      .set({ lastSeenAt: new Date(nowMs) })
      .where(eq(sessions.id, row.id))
  }
  return { personId: row.personId, sessionId: row.id }
}

/** Ends the session of a cookie's value, if there is one, and whatever it plays. */
export async function endSession(db: Database, token: string, nowMs: number): Promise<void> {
  await db.transaction(async (tx) => {
    const [ended] = await tx
      .delete(sessions)
      .where(eq(sessions.tokenHash, tokenHash(token)))
      .returning({ sessionId: sessions.id })
    if (ended) await revoke(tx, { kind: 'session', ...ended }, nowMs)
  })
}

/** Deletes sessions that nobody can use any more. */
export async function deleteOldSessions(db: Database, nowMs: number): Promise<void> {
  const idle = lt(sessions.lastSeenAt, new Date(nowMs - SESSION_IDLE_MS))
  await db.delete(sessions).where(or(lt(sessions.expiresAt, new Date(nowMs)), idle))
}
