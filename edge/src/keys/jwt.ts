import { errors, importJWK, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** The only file that knows the library behind JWTs. Ed25519 throughout (RFC 8037). */

const privateJwkSchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string().min(1),
  x: z.string().min(1),
  d: z.string().min(1),
})

export type TokenFault = 'malformed' | 'forged' | 'expired'

/** Why a token was refused. Its message never holds the token. */
export class TokenError extends Error {
  readonly code: TokenFault
  constructor(code: TokenFault) {
    super(`The token is ${code}`)
    this.name = 'TokenError'
    this.code = code
  }
}

/** One Ed25519 key pair under its id. */
export interface SigningKey {
  /** Signs claims as they are: the caller sets `aud`, `iat` and `exp` (seconds). */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
  /**
   * Checks signature, audience and expiry. The claims are still to be parsed.
   * @throws TokenError
   */
  verify(token: string, audience: string, nowMs: number): Promise<JWTPayload>
}

/**
 * Imports a private key.
 * @param json an Ed25519 JWK with `kid`, as text (RFC 7517, RFC 8037)
 * @throws Error that says what is wrong and never shows the key
 */
export async function importSigningKey(json: string): Promise<SigningKey> {
  const parsed = privateJwkSchema.safeParse(parseJson(json))
  if (!parsed.success) throw new Error('EDGE_PRIVATE_JWK must be a private Ed25519 key as a JWK with a kid')
  const { d, ...publicJwk } = parsed.data
  const { kid } = publicJwk
  const privateKey = await importJWK({ ...publicJwk, d }, 'EdDSA')
  const publicKey = await importJWK(publicJwk, 'EdDSA')
  return {
    sign: (claims) => new SignJWT({ ...claims }).setProtectedHeader({ alg: 'EdDSA', kid }).sign(privateKey),
    async verify(token, audience, nowMs) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, publicKey, {
          algorithms: ['EdDSA'],
          audience,
          currentDate: new Date(nowMs),
          requiredClaims: ['exp', 'iat'],
        })
        if (protectedHeader.kid !== kid) throw new TokenError('forged')
        return payload
      } catch (error) {
        throw tokenError(error)
      }
    },
  }
}

function tokenError(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return new TokenError('expired')
  if (error instanceof errors.JWSSignatureVerificationFailed) return new TokenError('forged')
  if (error instanceof errors.JOSEAlgNotAllowed) return new TokenError('forged')
  if (error instanceof errors.JWTClaimValidationFailed) return new TokenError('forged')
  if (error instanceof errors.JOSEError) return new TokenError('malformed')
  return error
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
