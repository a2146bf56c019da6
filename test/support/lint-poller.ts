import { STALE_HEADER } from '@streamtube/contracts/headers.ts'
import { readLines } from './hls-linter/lines.ts'
import { createLinter, type Linter } from './hls-linter/linter.ts'
import { type MediaPlaylist, readMediaPlaylist } from './hls-linter/media-playlist.ts'
import { readMultivariant } from './hls-linter/multivariant.ts'
import { lintRegistry } from './lint-registry.ts'

/** A blocked reload ends after three target durations (12 s); more than that and the edge has forgotten us. */
const PATIENCE_MS = 30_000
/** Between attempts while nobody answers. */
const PAUSE_MS = 250

/** A client that follows a live stream, with each answer looked at. */
export interface LiveFollower {
  linter: Linter
  /** Resolves when the stream has ended, access was taken away, or `stop` was called. */
  ended: Promise<void>
  stop(): Promise<void>
}

/**
 * Follows a live stream at the edge of what there is, on every rendition, as a player of low latency does: blocking
 * reload of the next part, delta updates once a whole playlist is known, the multivariant playlist at every segment.
 * Every end-to-end test fails on what its linter finds.
 */
export function followLive(master: URL, linter: Linter = createLinter()): LiveFollower {
  const stopped = new AbortController()
  const problems: string[] = []
  const client = new Client(linter, problems, stopped.signal)
  const ended = client.follow(master.href)
  const path = master.pathname.replace(/^\/p\/[^/]+/, '')
  lintRegistry.register({ name: `following ${path}`, linter, problems, settle: () => Promise.resolve() })
  return {
    linter,
    ended,
    stop: () => {
      stopped.abort()
      return ended
    },
  }
}

/** What an answer means to the client: a playlist; ask again from the start; it is over. */
type Answer = { text: string } | 'again' | 'over'

class Client {
  readonly #linter: Linter
  readonly #problems: string[]
  readonly #stopped: AbortSignal

  constructor(linter: Linter, problems: string[], stopped: AbortSignal) {
    this.#linter = linter
    this.#problems = problems
    this.#stopped = stopped
  }

  async follow(master: string): Promise<void> {
    const answer = await this.#untilAnswered(master)
    if (answer === 'over') return
    const { variants, members } = readMultivariant(
      readLines(answer.text, () => {}),
      master,
      () => {},
    )
    const addresses = [...variants, ...members].flatMap(({ uri }) => (uri === null ? [] : [uri]))
    await Promise.all(addresses.map((address, i) => this.#followRendition(address, i === 0 ? master : null)))
  }

  /** @param master is asked for again at each segment of this rendition */
  async #followRendition(address: string, master: string | null): Promise<void> {
    let known: MediaPlaylist | null = null
    let knownAtMs = 0
    while (!this.#stopped.aborted) {
      const url: string = known ? nextOf(address, known, performance.now() - knownAtMs) : address
      const answer = await this.#ask(url)
      if (answer === 'over') return
      if (answer === 'again') {
        known = null
        continue
      }
      const before = known
      known = readMediaPlaylist(
        readLines(answer.text, () => {}),
        address,
        () => {},
      )
      knownAtMs = performance.now()
      if (known.ended) return
      if (master && before && lastFinished(before) < lastFinished(known)) await this.#ask(master)
    }
  }

  async #untilAnswered(url: string): Promise<{ text: string } | 'over'> {
    for (;;) {
      const answer = await this.#ask(url)
      if (answer !== 'again') return answer
    }
  }

  async #ask(url: string): Promise<Answer> {
    const askedAtMs = performance.now()
    try {
      const signal = AbortSignal.any([this.#stopped, AbortSignal.timeout(PATIENCE_MS)])
      const response = await fetch(url, { signal })
      const text = await response.text()
      if (response.ok) {
        const stale = response.headers.has(STALE_HEADER)
        this.#linter.see({ url, text, atMs: performance.now(), askedAtMs, stale })
        return { text }
      }
      if (response.status === 400) {
        const path = url.replace(/\/p\/[^/]+/, '/p/-')
        this.#problems.push(`400 for ${path}, which a player may ask: ${text}`)
      }
      if (response.status !== 503) return 'over'
    } catch {
      // Whoever takes a part of StreamTube away on purpose has tests of their own for it.
      if (this.#stopped.aborted) return 'over'
    }
    await this.#pause()
    return this.#stopped.aborted ? 'over' : 'again'
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, PAUSE_MS)
      const stopped = this.#stopped
      function done(): void {
        clearTimeout(timer)
        stopped.removeEventListener('abort', done)
        resolve()
      }
      stopped.addEventListener('abort', done, { once: true })
    })
  }
}

/** The next part's address; as a delta update while what is known is young enough (RFC 8216bis 6.3.7). */
function nextOf(address: string, known: MediaPlaylist, ageMs: number): string {
  const url = new URL(address)
  const last = known.segments.at(-1)
  if (!last) return address
  const open = last.uri === null
  url.searchParams.set('_HLS_msn', String(open ? last.sequence : last.sequence + 1))
  url.searchParams.set('_HLS_part', String(open ? last.parts.length : 0))
  const boundary = known.control.canSkipUntil
  if (boundary !== null && ageMs < (boundary * 1000) / 2) url.searchParams.set('_HLS_skip', 'YES')
  return url.href
}

function lastFinished({ segments }: MediaPlaylist): number {
  return segments.findLast((segment) => segment.uri !== null)?.sequence ?? -1
}
