import type { PlaybackClaims } from '@streamtube/contracts/claims.ts'
import type { MediaPath } from '@streamtube/contracts/media-paths.ts'
import { Generations } from '../cache/generations.ts'
import type { Env } from '../env.ts'
import { linesOfRenditions } from './rungs.ts'

const MASTERS = 10_000
/** A master is looked at again this often for renditions that it did not have before. */
const LOOK_AGAIN_AFTER_MS = 2000

/** Whether a path is of the asset, the kind and the timeline that a token is for. */
export function isFor(claims: PlaybackClaims, path: MediaPath): boolean {
  if ('timelineId' in path) return path.timelineId === claims.tml
  return path.kind === claims.knd && path.assetId === claims.ast
}

/** Knows how tall renditions are, for tokens with a cap: from the master of the video that the token is for. */
export class RungHeights {
  readonly #nowMs: Env['nowMs']
  readonly #master: (claims: PlaybackClaims) => Promise<string>
  readonly #known = new Generations<{ lines: ReadonlyMap<string, number>; atMs: number }>(MASTERS)

  /** @param master gives the whole master playlist of the video that a token is for */
  constructor(nowMs: Env['nowMs'], master: (claims: PlaybackClaims) => Promise<string>) {
    this.#nowMs = nowMs
    this.#master = master
  }

  /**
   * Whether a token allows a rendition. One that the master doesn't name is not allowed.
   * @throws what fetching the master throws
   */
  async allows(claims: PlaybackClaims, renditionId: string): Promise<boolean> {
    if (claims.cap === undefined) return true
    const key = `${claims.knd}/${claims.ast}`
    let known = this.#known.get(key)
    if (!known || (!known.lines.has(renditionId) && this.#nowMs() - known.atMs > LOOK_AGAIN_AFTER_MS)) {
      known = { lines: linesOfRenditions(await this.#master(claims)), atMs: this.#nowMs() }
      this.#known.set(key, known)
    }
    const lines = known.lines.get(renditionId)
    return lines !== undefined && lines <= claims.cap
  }
}
