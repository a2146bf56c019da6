import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq, gt, isNull, lt } from 'drizzle-orm'
import { ApiError } from '../http/errors.ts'
import { newToken, tokenHash } from '../tokens.ts'

const { oneTimeLinks } = schema

export type LinkPurpose = 'setup' | 'sign-in'

/** A link lives as long as somebody may take to read the log it is printed in. */
const LINK_LIFETIME_MS = 24 * 3600 * 1000

/** Makes a link's token; only its hash is kept. @param personId whom it signs in */
export async function createLink(
  db: Database,
  about: { purpose: LinkPurpose; personId: string | null; nowMs: number },
): Promise<string> {
  const token = newToken()
  await db.insert(oneTimeLinks).values({
    tokenHash: tokenHash(token),
    purpose: about.purpose,
    personId: about.personId,
    createdAt: new Date(about.nowMs),
    expiresAt: new Date(about.nowMs + LINK_LIFETIME_MS),
  })
  return token
}

/**
 * Uses a link up. Of two who try at once, one succeeds.
 * @returns whom it signs in; null for a set-up link
 * @throws ApiError 410 when it was used, has expired or never was
 */
export async function takeLink(
  db: Database,
  about: { purpose: LinkPurpose; token: string; nowMs: number },
): Promise<string | null> {
  const at = new Date(about.nowMs)
  const [row] = await db
    .update(oneTimeLinks)
    .set({ usedAt: at })
    .where(
      and(
        eq(oneTimeLinks.tokenHash, tokenHash(about.token)),
        eq(oneTimeLinks.purpose, about.purpose),
        isNull(oneTimeLinks.usedAt),
        gt(oneTimeLinks.expiresAt, at),
      ),
    )
    .returning()
  if (row) return row.personId
  throw new ApiError('link-expired', 410, 'This link no longer works', {
    detail: 'It works once, for a day. The next start of StreamTube prints a new one.',
  })
}

/** Deletes links that nobody can use any more, and with `purpose` all of that purpose. */
export async function deleteLinks(
  db: Database,
  about: { purpose: LinkPurpose } | { nowMs: number },
): Promise<void> {
  const which =
    'purpose' in about
      ? eq(oneTimeLinks.purpose, about.purpose)
      : lt(oneTimeLinks.expiresAt, new Date(about.nowMs))
  await db.delete(oneTimeLinks).where(which)
}
