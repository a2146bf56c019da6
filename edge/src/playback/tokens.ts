import {
  PLAYBACK_TOKEN_MAX_SECONDS,
  type PlaybackClaims,
  type PlaybackKind,
  playbackClaimsSchema,
} from '@streamtube/contracts/claims.ts'
import { Generations } from '../cache/generations.ts'
import type { Env } from '../env.ts'
import { TokenError } from '../keys/jwt.ts'

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
  /** Tallest rung in lines; undefined without a cap. */
  maxHeight: number | undefined
  /** Asked for by the api role; cut at 12 h. */
  ttlSeconds: number
}

export interface Entitlement {
  token: string
  expiresAtMs: number
}

/** Makes and checks playback tokens. */
export class PlaybackTokens {
  readonly #env: Pick<Env, 'key' | 'nowMs' | 'newId'>
  readonly #checked = new Generations<PlaybackClaims>(REMEMBERED)

  constructor(env: Pick<Env, 'key' | 'nowMs' | 'newId'>) {
    this.#env = env
  }

  /** Signs a token that names a new session. */
  async issue(grant: Grant): Promise<Entitlement> {
    const iat = Math.floor(this.#env.nowMs() / 1000)
    const exp = iat + Math.min(grant.ttlSeconds || PLAYBACK_TOKEN_MAX_SECONDS, PLAYBACK_TOKEN_MAX_SECONDS)
    const claims: PlaybackClaims = {
      aud: 'playback',
      sid: this.#env.newId(),
      ...(grant.viewerId !== undefined && { sub: grant.viewerId }),
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
   * The claims of a token that was checked before and has not expired: the hot path, without waiting. Undefined says
   * only that `check` has to look.
   */
  known(token: string): PlaybackClaims | undefined {
    const claims = this.#checked.get(token)
    return claims !== undefined && claims.exp * 1000 > this.#env.nowMs() ? claims : undefined
  }

  /**
   * Checks a token's signature, audience, claims and expiry.
   * @throws TokenError
   */
  async check(token: string): Promise<PlaybackClaims> {
    if (token.length > MAX_TOKEN_LENGTH || !TOKEN.test(token)) throw new TokenError('malformed')
    const payload = await this.#env.key.verify(token, 'playback', this.#env.nowMs())
    const claims = playbackClaimsSchema.safeParse(payload)
    if (!claims.success || claims.data.exp - claims.data.iat > PLAYBACK_TOKEN_MAX_SECONDS) {
      throw new TokenError('forged')
    }
    this.#checked.set(token, claims.data)
    return claims.data
  }
}
