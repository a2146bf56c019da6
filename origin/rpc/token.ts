import { secretsEqual } from '../tokens.ts'

const BEARER = /^Bearer ([\x21-\x7e]+)$/i

/** The token of an `authorization: Bearer` header (RFC 6750, section 2.1), or null. */
function bearerToken(header: string | null | undefined): string | null {
  return BEARER.exec(header ?? '')?.[1] ?? null
}

/** True when the header carries exactly this service token. */
export function hasServiceToken(header: string | null | undefined, serviceToken: string): boolean {
  const given = bearerToken(header)
  return given !== null && secretsEqual(given, serviceToken)
}
