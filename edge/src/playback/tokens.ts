import {
  PLAYBACK_TOKEN_MAX_SECONDS,
  type PlaybackClaims,
  type PlaybackKind,
  playbackClaimsSchema,
} from '@streamtube/contracts/claims.ts'
import { Generations } from '../cache/generations.ts'
import type { Env } from '../env.ts'
import { TokenError } from '../keys/jwt.ts'
import type { Revocations } from './revocations.ts'

/** Checked tokens remembered: checking a signature costs some twenty times a look-up. */
const REMEMBERED = 10_000
/** A token with all its claims is about 400 characters. */
const MAX_TOKEN_LENGTH = 1024
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

export interface Grant {
  kind: PlaybackKind
  assetId: string
  timelineId: string
  viewerId: string | undefined
  sessionId: string | undefined
  /** Tallest rung in lines; undefined without a cap. */
  maxHeight: number | undefined
  /** Asked for by the api role; cut at 12 h. */
  ttlSeconds: number
  /** When the api role decided. */
  decidedAtMs: number
}

export interface Entitlement {
  token: string
  expiresAtMs: number
}

export interface PlaybackTokensOptions extends Pick<Env, 'key' | 'nowMs' | 'newId'> {
  revocations: Pick<Revocations, 'allows' | 'admit'>
}

/** Makes and checks playback tokens. */
export class PlaybackTokens {
  readonly #env: PlaybackTokensOptions
  /** Good tokens that were let in. */
  readonly #checked = new Generations<PlaybackClaims>(REMEMBERED)

  constructor(env: PlaybackTokensOptions) {
    this.#env = env
  }

  /** Signs a token that names a new session. */
  async issue(grant: Grant): Promise<Entitlement> {
    const iat = Math.floor(grant.decidedAtMs / 1000)
    const exp = iat + Math.min(grant.ttlSeconds || PLAYBACK_TOKEN_MAX_SECONDS, PLAYBACK_TOKEN_MAX_SECONDS)
    const claims: PlaybackClaims = {
      aud: 'playback',
      sid: this.#env.newId(),
      ...(grant.viewerId !== undefined && { sub: grant.viewerId }),
      ...(grant.sessionId !== undefined && { ses: grant.sessionId }),
      knd: grant.kind,
      ast: grant.assetId,
      tml: grant.timelineId,
      ...(grant.maxHeight !== undefined && { cap: grant.maxHeight }),
      iat,
      exp,
    }
    return { token: await this.#env.key.sign(claims), expiresAtMs: exp * 1000 }
  }

  /**
   * The claims of a token that was checked before, has not expired and is not revoked: the hot path, without waiting.
   * Undefined says only that `check` has to look.
   */
  known(token: string): PlaybackClaims | undefined {
    const claims = this.#unexpired(token)
    return claims !== undefined && this.#env.revocations.allows(claims) ? claims : undefined
  }

  /**
   * Checks a token's signature, audience, claims and expiry, and that it was not revoked.
   * @throws TokenError; RevokedError; RevocationsAwayError
   */
  async check(token: string): Promise<PlaybackClaims> {
    const known = this.#unexpired(token)
    const claims = known ?? (await this.#verify(token))
    await this.#env.revocations.admit(claims, known !== undefined)
    if (!known) this.#checked.set(token, claims)
    return claims
  }

  #unexpired(token: string): PlaybackClaims | undefined {
    const claims = this.#checked.get(token)
    return claims !== undefined && claims.exp * 1000 > this.#env.nowMs() ? claims : undefined
  }

  async #verify(token: string): Promise<PlaybackClaims> {
    if (token.length > MAX_TOKEN_LENGTH || !TOKEN.test(token)) throw new TokenError('malformed')
    const payload = await this.#env.key.verify(token, 'playback', this.#env.nowMs())
    const claims = playbackClaimsSchema.safeParse(payload)
    if (!claims.success || claims.data.exp - claims.data.iat > PLAYBACK_TOKEN_MAX_SECONDS) {
      throw new TokenError('forged')
    }
    return claims.data
  }
}
