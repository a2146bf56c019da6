import { EDGE_TOKEN_SECONDS, edgeClaimsSchema } from '@streamtube/contracts/claims.ts'
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose'

/** Says whether a request comes from an edge. */
export interface EdgeTokenVerifier {
  /** True for a valid edge token (the value of EDGE_TOKEN_HEADER). Never throws for what came from outside. */
  verify(token: string | string[] | null | undefined): Promise<boolean>
}

/** An edge makes a new token every minute; a few edges' fit in here. */
const MAX_REMEMBERED = 64
const MAX_TOKEN_CHARS = 2_048
/** Clocks of two machines may differ by this. */
const CLOCK_TOLERANCE_SECONDS = 10

/**
 * Makes a verifier that remembers the tokens it has checked until they expire: a signature costs a hundred times a
 * look-up.
 * @param jwks the edges' public keys (EDGE_PUBLIC_JWKS)
 * @param nowMs the clock
 */
export function createEdgeTokenVerifier(
  jwks: { keys: readonly Record<string, unknown>[] },
  nowMs: () => number = Date.now,
): EdgeTokenVerifier {
  const keys = createLocalJWKSet(jwks as unknown as JSONWebKeySet)
  const expiries = new Map<string, number>()

  async function check(token: string): Promise<number | null> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['EdDSA', 'Ed25519'],
        audience: 'origin',
        issuer: 'edge',
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(nowMs()),
      })
      const claims = edgeClaimsSchema.safeParse(payload)
      if (!claims.success) return null
      return claims.data.exp - claims.data.iat > EDGE_TOKEN_SECONDS ? null : claims.data.exp * 1000
    } catch (error) {
      if (error instanceof errors.JOSEError) return null
      throw error
    }
  }

  return {
    async verify(token) {
      if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN_CHARS) return false
      const known = expiries.get(token)
      if (known !== undefined && known > nowMs()) return true
      expiries.delete(token)
      const expiresAtMs = await check(token)
      if (expiresAtMs === null) return false
      const oldest = expiries.keys().next()
      if (expiries.size >= MAX_REMEMBERED && !oldest.done) expiries.delete(oldest.value)
      expiries.set(token, expiresAtMs)
      return true
    },
  }
}
