import { EDGE_TOKEN_SECONDS, type EdgeClaims } from '@streamtube/contracts/claims.ts'
import type { Env } from '../env.ts'

const RENEW_AFTER_MS = 60_000

/** Gives the proof that a request comes from an edge: one token a minute, good for five. */
export function createOriginProof({ key, nowMs }: Pick<Env, 'key' | 'nowMs'>): () => Promise<string> {
  let current: { token: string; madeAtMs: number } | undefined
  return async () => {
    const now = nowMs()
    if (current && now >= current.madeAtMs && now - current.madeAtMs < RENEW_AFTER_MS) return current.token
    const iat = Math.floor(now / 1000)
    const claims: EdgeClaims = { aud: 'origin', iss: 'edge', iat, exp: iat + EDGE_TOKEN_SECONDS }
    const token = await key.sign(claims)
    current = { token, madeAtMs: now }
    return token
  }
}
