import type { PlaybackClaims } from '@streamtube/contracts/claims.ts'
import type { Revocation } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'

/** How long an entry counts, and for which tokens. */
interface Entry {
  decidedUntilMs: number
  expiresAtMs: number
}

/** Entries by what they name. The oldest stands first: it is the first to expire, and the first to go when there is no room. */
type Names = Map<string, Entry>

/** Which playback tokens are over before their time. Looking one up costs the same however many there are. */
export class RevocationList {
  /** Nothing is revoked: no token needs to be looked up. */
  isEmpty = true
  /** Entries that had to go before they expired. */
  dropped = 0
  readonly #maxPerKind: number
  readonly #playbacks: Names = new Map()
  readonly #sessions: Names = new Map()
  readonly #viewers: Names = new Map()
  readonly #assets: Names = new Map()
  readonly #viewersOfAssets: Names = new Map()

  /** @param maxPerKind entries kept of each kind */
  constructor(maxPerKind: number) {
    this.#maxPerKind = maxPerKind
  }

  get size(): number {
    return this.#kinds().reduce((size, names) => size + names.size, 0)
  }

  add({ playbackId, sessionId, viewerId, assetId, ...revocation }: Revocation): void {
    const entry: Entry = {
      decidedUntilMs: Number(revocation.decidedUntilMs) || Number.POSITIVE_INFINITY,
      expiresAtMs: Number(revocation.expiresAtMs),
    }
    if (playbackId !== '') this.#put(this.#playbacks, playbackId, entry)
    else if (sessionId !== '') this.#put(this.#sessions, sessionId, entry)
    else if (viewerId !== '' && assetId !== '') this.#put(this.#viewersOfAssets, viewerId + assetId, entry)
    else if (viewerId !== '') this.#put(this.#viewers, viewerId, entry)
    else if (assetId !== '') this.#put(this.#assets, assetId, entry)
  }

  /** Whether a token is over. */
  names(claims: PlaybackClaims): boolean {
    if (this.isEmpty) return false
    const { sid, ses, sub, ast } = claims
    const decidedAtMs = claims.iat * 1000
    if (isNamed(this.#playbacks, sid, decidedAtMs) || isNamed(this.#assets, ast, decidedAtMs)) return true
    if (ses !== undefined && isNamed(this.#sessions, ses, decidedAtMs)) return true
    if (sub === undefined) return false
    if (isNamed(this.#viewers, sub, decidedAtMs)) return true
    return this.#viewersOfAssets.size > 0 && isNamed(this.#viewersOfAssets, sub + ast, decidedAtMs)
  }

  /** Drops entries whose tokens have all expired. */
  forgetExpired(nowMs: number): void {
    for (const names of this.#kinds()) {
      for (const [name, { expiresAtMs }] of names) {
        if (expiresAtMs > nowMs) break
        names.delete(name)
      }
    }
    this.isEmpty = this.size === 0
  }

  #put(names: Names, name: string, entry: Entry): void {
    const known = names.get(name)
    names.delete(name)
    names.set(name, {
      decidedUntilMs: Math.max(entry.decidedUntilMs, known?.decidedUntilMs ?? 0),
      expiresAtMs: Math.max(entry.expiresAtMs, known?.expiresAtMs ?? 0),
    })
    this.isEmpty = false
    const oldest = names.keys().next()
    if (names.size <= this.#maxPerKind || oldest.done) return
    names.delete(oldest.value)
    this.dropped++
  }

  #kinds(): Names[] {
    return [this.#playbacks, this.#sessions, this.#viewers, this.#assets, this.#viewersOfAssets]
  }
}

function isNamed(names: Names, name: string, decidedAtMs: number): boolean {
  const entry = names.size === 0 ? undefined : names.get(name)
  return entry !== undefined && decidedAtMs <= entry.decidedUntilMs
}
