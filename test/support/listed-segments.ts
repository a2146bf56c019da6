import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

/** Between two looks at the playlists. */
const LOOK_MS = 200
const PATIENCE_MS = 20_000

/** A segment that a playlist lists as complete, with where its bytes are. */
export interface ListedSegment {
  /** Of all views: `m/<timeline>/<rendition>/<epoch>/s<number>.m4s`. */
  address: string
  url: URL
}

/** The segments that a media playlist lists, without gaps. */
export function segmentsOf(playlist: string, at: URL): ListedSegment[] {
  const segments: ListedSegment[] = []
  let isGap = false
  for (const line of playlist.split('\n')) {
    if (line === '#EXT-X-GAP') isGap = true
    if (line === '' || line.startsWith('#')) continue
    const url = new URL(line, at)
    if (!isGap) segments.push({ address: url.pathname.replace(/^\/p\/[^/]+\//, ''), url })
    isGap = false
  }
  return segments
}

/** What lies at an address, in short. @throws when it can't be had */
export async function hashOf(url: URL): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
  if (!response.ok) throw new Error(`${response.status} for ${url.pathname}`)
  return createHash('sha256')
    .update(new Uint8Array(await response.arrayBuffer()))
    .digest('hex')
}

/**
 * A viewer who writes down each segment that a live playlist ever listed as complete, and what its bytes were. Goes on
 * whatever dies on the other side. Owner: the test, which calls `stop`.
 */
export class ListedSegments {
  /** Hashes by address; null: listed, but its bytes could not be had. */
  readonly hashes = new Map<string, string | null>()
  readonly #stopped = new AbortController()
  readonly #running: Promise<unknown>

  constructor(master: URL, renditionIds: readonly string[]) {
    this.#running = Promise.all(renditionIds.map((id) => this.#follow(new URL(`${id}.m3u8`, master))))
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  async #follow(playlist: URL): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const listed = await this.#list(playlist)
      for (const { address, url } of listed) {
        if (this.hashes.get(address)) continue
        this.hashes.set(address, await hashOf(url).catch(() => null))
      }
      await wait(LOOK_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #list(playlist: URL): Promise<ListedSegment[]> {
    try {
      const response = await fetch(playlist, { signal: AbortSignal.timeout(PATIENCE_MS) })
      const text = await response.text()
      return response.ok ? segmentsOf(text, playlist) : []
    } catch {
      // Nobody is there at the moment.
      return []
    }
  }
}
