import type { PlaybackClaims } from '@streamtube/contracts/claims.ts'
import type { Env } from '../env.ts'
import type { Cell } from '../metrics.ts'
import type { EdgeRpc } from '../rpc.ts'
import { RevocationList } from './revocation-list.ts'

/** The feed is asked this often while somebody watches, in the background. */
const ASK_EVERY_MS = 750
/** What was heard so long ago is not trusted before the feed is asked: a revocation holds within 2 s. */
const TRUSTED_FOR_MS = 1500
/** So that a feed that hangs is known to be away before what was heard is too old: then nobody waits for it. */
const ANSWER_DEADLINE_MS = 700
const ASK_AGAIN_AFTER_MS = 1000
/** Without the feed, sessions that are known stay valid so long (MEDIA.md 23), */
const KNOWN_WITHOUT_FEED_MS = 60_000
/** and new ones are let in so long: no more than a restart of the api role's connection. */
const NEW_WITHOUT_FEED_MS = 5000
/** An answer has up to 1,000 revocations; a request waits for so many answers, not for a whole snapshot. */
const PAGES_AT_ONCE = 20
/** Some 100 bytes each. */
const MAX_PER_KIND = 200_000

/** The token's playback was ended. */
export class RevokedError extends Error {
  readonly code = 'revoked'
  constructor() {
    super('The token is revoked')
    this.name = 'RevokedError'
  }
}

/** Nobody knows whether the token was revoked: the feed is away. */
export class RevocationsAwayError extends Error {
  readonly code = 'revocations-away'
  constructor() {
    super('Revocations can not be followed')
    this.name = 'RevocationsAwayError'
  }
}

export interface RevocationsOptions extends Pick<Env, 'nowMs' | 'sharing' | 'log'> {
  rpc: Pick<EdgeRpc, 'listRevocations'>
  /** How many are kept. */
  kept?: Cell
}

/**
 * Knows which playback tokens are over, by following the api role's feed with a cursor. The feed is asked while tokens
 * are: an edge without viewers asks nothing.
 */
export class Revocations {
  readonly #options: RevocationsOptions
  readonly #list = new RevocationList(MAX_PER_KIND)
  #cursor = ''
  /** All that was revoked before is known. */
  #heardAtMs = Number.NEGATIVE_INFINITY
  /** Known tokens may go on until then without asking. */
  #trustedUntilMs = Number.NEGATIVE_INFINITY
  #askedAtMs = Number.NEGATIVE_INFINITY
  #askAtMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #isAway = false

  constructor(options: RevocationsOptions) {
    this.#options = options
  }

  /** Whether a token that was admitted before may go on: the hot path. False says only that `admit` has to look. */
  allows(claims: PlaybackClaims): boolean {
    const now = this.#options.nowMs()
    if (this.#isDue(now)) {
      // On Workers a fetch belongs to the request that made it, so `admit` waits for it.
      if (this.#options.sharing === 'request') return false
      void this.#ask()
    }
    return now < this.#trustedUntilMs && !this.#list.names(claims)
  }

  /**
   * Lets a token in, or on.
   * @param isKnown it was let in before
   * @throws RevokedError; RevocationsAwayError
   */
  async admit(claims: PlaybackClaims, isKnown: boolean): Promise<void> {
    const { nowMs, sharing } = this.#options
    const now = nowMs()
    const mustAsk = sharing === 'request' || now >= this.#trustedUntilMs || now < this.#askedAtMs
    if (mustAsk && (this.#asking || this.#isDue(now))) await this.#ask()
    if (this.#list.names(claims)) throw new RevokedError()
    const silentMs = nowMs() - this.#heardAtMs
    if (silentMs >= (isKnown ? KNOWN_WITHOUT_FEED_MS : NEW_WITHOUT_FEED_MS)) throw new RevocationsAwayError()
  }

  /** True also when the clock was set back. */
  #isDue(now: number): boolean {
    return now >= this.#askAtMs || now < this.#askedAtMs
  }

  #ask(): Promise<void> {
    if (this.#options.sharing === 'request') return this.#catchUp()
    this.#asking ??= this.#catchUp().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #catchUp(): Promise<void> {
    const { nowMs, log, kept } = this.#options
    this.#askedAtMs = nowMs()
    // A clock that was set back: what was heard is no younger than now.
    this.#heardAtMs = Math.min(this.#heardAtMs, this.#askedAtMs)
    this.#askAtMs = this.#askedAtMs + ASK_AGAIN_AFTER_MS
    try {
      for (let page = 0; page < PAGES_AT_ONCE; page++) {
        const askedAtMs = nowMs()
        if (await this.#readPage()) continue
        this.#heardAtMs = askedAtMs
        this.#trustedUntilMs = askedAtMs + TRUSTED_FOR_MS
        this.#askAtMs = askedAtMs + ASK_EVERY_MS
        if (this.#isAway) log.info({}, 'Revocations are followed again')
        this.#isAway = false
        break
      }
      this.#list.forgetExpired(nowMs())
      kept?.set(this.#list.size)
    } catch (err) {
      const now = nowMs()
      this.#askAtMs = now + ASK_AGAIN_AFTER_MS
      // Longer than the next try takes: nobody waits for it.
      const goOnUntilMs = now + ASK_AGAIN_AFTER_MS + 2 * ANSWER_DEADLINE_MS
      this.#trustedUntilMs = Math.min(goOnUntilMs, this.#heardAtMs + KNOWN_WITHOUT_FEED_MS)
      if (this.#isAway || now - this.#heardAtMs < NEW_WITHOUT_FEED_MS) return
      this.#isAway = true
      log.warn({ err, silentMs: now - this.#heardAtMs }, 'Revocations can not be followed; no new viewers')
    }
  }

  /** @returns whether there is more */
  async #readPage(): Promise<boolean> {
    const { rpc, log } = this.#options
    const before = this.#list.dropped
    const answer = await rpc.listRevocations({ cursor: this.#cursor }, { timeoutMs: ANSWER_DEADLINE_MS })
    for (const revocation of answer.revocations) this.#list.add(revocation)
    this.#cursor = answer.cursor
    const dropped = this.#list.dropped - before
    if (dropped > 0) log.error({ dropped }, 'More revocations than are kept: the oldest are forgotten')
    return answer.more
  }
}
