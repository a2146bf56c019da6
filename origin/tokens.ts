import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** An opaque secret of 256 random bits, safe in cookies, links and headers. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Hex SHA-256: how a secret with enough entropy is kept and looked up. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** True when both secrets are equal; takes the same time wherever they differ and however long they are. */
export function secretsEqual(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
