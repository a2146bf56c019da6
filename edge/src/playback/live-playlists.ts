import { PART_AT_HEADER, STALE_HEADER } from '@streamtube/contracts/headers.ts'
import { FairStore } from '../cache/fair-store.ts'
import { Generations } from '../cache/generations.ts'
import type { ObjectCache, Recipe, StoredObject } from '../cache/object-cache.ts'
import type { Env } from '../env.ts'
import type { Cell, HistogramCell } from '../metrics.ts'
import { type Directives, directivesQuery, type PlaylistPlace } from './directives.ts'
import { hasPlace, isBehind, isTooFar, type LiveEdge, nextPlace, readLiveEdge } from './live-edge.ts'
import { faultOfStatus, isAway, Refused, storedOf } from './media-faults.ts'

/** A broadcast whose origin is away for longer has ended: a session waits a minute for its encoder. */
const STALE_FOR_MS = 120_000
/** Bound of the wait that keeps readers from asking in a loop for what does not come. */
const MAX_PAUSE_MS = 1000
const REFUSED_RENDITIONS = 1000
/** Nobody waits for what comes after the next for longer (MEDIA.md 13). */
const MAX_WAIT_MS = 12_000

const decoder = new TextDecoder()

export interface AskedPlaylist {
  /** Without directives. */
  address: string
  timelineId: string
  directives: Directives
}

export interface LivePlaylistsOptions extends Pick<Env, 'nowMs'> {
  cache: ObjectCache
  /** How a playlist is fetched from its origin, by its address with directives. */
  recipe(address: string, timelineId: string): Recipe
  /** Bound of what is known. */
  maxBytes: number
  metrics: {
    /** Answers from what is known. */
    hits: Cell
    bytes: Cell
    /** Readers who wait for what comes next. */
    blocked: Cell
    stale: Cell
    latenessSeconds: HistogramCell
  }
}

interface Known {
  object: StoredObject
  edge: LiveEdge
  atMs: number
}

/**
 * The newest known playlist of each live rendition, full and delta apart, which answers whoever asks for no more than it
 * has (MEDIA.md 21) and, while the origin is away, whoever waits for more (MEDIA.md 23).
 */
export class LivePlaylists {
  readonly #options: LivePlaylistsOptions
  readonly #known: FairStore<Known>
  /** Renditions of which a reload was refused and nothing is known: their current playlist is asked for first. */
  readonly #refused = new Generations<true>(REFUSED_RENDITIONS)

  constructor(options: LivePlaylistsOptions) {
    this.#options = options
    this.#known = new FairStore(options.maxBytes, options.nowMs)
  }

  /**
   * The playlist that a request asks for, waiting for it where it is still to come.
   * @throws Refused; what loading from the origin throws
   */
  async answer(asked: AskedPlaylist): Promise<StoredObject> {
    const { wanted, skip } = asked.directives
    const current = asked.address + directivesQuery({ wanted: null, skip })
    const startedMs = this.#options.nowMs()
    try {
      const fresh = this.#fresh(current)
      if (fresh && (wanted === null || hasPlace(fresh.edge, wanted))) {
        this.#options.metrics.hits.inc()
        return fresh.object
      }
      return wanted === null ? await this.#load(current, asked) : await this.#reload(current, wanted, asked)
    } catch (error) {
      const known = wanted && isAway(error) ? this.#usable(current) : undefined
      if (!known) throw error
      await until(startedMs + known.edge.partTargetMs - this.#options.nowMs())
      this.#options.metrics.stale.inc()
      return staleOf(known, this.#options.nowMs())
    }
  }

  /**
   * A blocking reload. The origin is asked to wait only for what may come next: all else is answered or refused by its
   * current playlist, so that however many places are asked for, few are asked of the origin.
   */
  async #reload(current: string, wanted: PlaylistPlace, asked: AskedPlaylist): Promise<StoredObject> {
    let known = this.#known.get(current)
    const isOld =
      known && !this.#isFresh(known) && (hasPlace(known.edge, wanted) || isTooFar(known.edge, wanted))
    if (isOld || (!known && this.#refused.get(current))) {
      await this.#load(current, asked)
      known = this.#known.get(current)
      if (known && hasPlace(known.edge, wanted)) return known.object
    }
    if (known && isTooFar(known.edge, wanted)) throw new Refused(faultOfStatus(400, null))
    const { blocked } = this.#options.metrics
    blocked.inc()
    try {
      return await this.#wait(current, wanted, asked)
    } catch (error) {
      if (!known) this.#refused.set(current, true)
      throw error
    } finally {
      blocked.dec()
    }
  }

  /** Waits for the next part, and the next, until the place is there. */
  async #wait(current: string, wanted: PlaylistPlace, asked: AskedPlaylist): Promise<StoredObject> {
    const { nowMs } = this.#options
    const { address, directives } = asked
    const untilMs = nowMs() + MAX_WAIT_MS
    while (nowMs() < untilMs) {
      const known = this.#known.get(current)
      const place = known ? nextPlace(known.edge, wanted) : wanted
      const object = await this.#load(address + directivesQuery({ ...directives, wanted: place }), asked)
      if (place === wanted) return object
      const newer = this.#known.get(current)
      if (newer && hasPlace(newer.edge, wanted)) return newer.object
      // Nothing has moved: the origin may say what it will.
      if (newer === known) return await this.#load(address + directivesQuery(directives), asked)
    }
    throw new Refused(faultOfStatus(503, null))
  }

  async #load(
    address: string,
    { address: plain, timelineId, directives }: AskedPlaylist,
  ): Promise<StoredObject> {
    const { cache, recipe } = this.#options
    const kept = cache.get(address)
    if (kept) return kept
    const current = plain + directivesQuery({ wanted: null, skip: directives.skip })
    return storedOf(await cache.load(address, this.#noting(current, recipe(address, timelineId))))
  }

  /** The recipe, by which what arrives becomes the newest known. */
  #noting(current: string, recipe: Recipe): Recipe {
    let partAt: string | null = null
    return {
      ...recipe,
      describe: (response) => {
        partAt = response.headers.get(PART_AT_HEADER)
        return recipe.describe(response)
      },
      arrived: (object) => {
        const { nowMs, metrics } = this.#options
        if (partAt !== null) metrics.latenessSeconds.observe(Math.max(0, nowMs() - Number(partAt)) / 1000)
        this.#note(current, object)
      },
    }
  }

  #note(key: string, object: StoredObject): void {
    const edge = readLiveEdge(decoder.decode(object.body.bytes))
    if (!edge) return
    // Answers may overtake each other. One that goes back later than that is the origin's word.
    const known = this.#fresh(key)
    if (known && isBehind(edge, known.edge)) return
    const entry: Known = { object, edge, atMs: this.#options.nowMs() }
    this.#known.set(key, entry, object.body.sizeBytes, { group: key, brief: false })
    this.#options.metrics.bytes.set(this.#known.bytes)
  }

  #fresh(key: string): Known | undefined {
    const known = this.#known.get(key)
    return known && this.#isFresh(known) ? known : undefined
  }

  /** Younger than a part: nothing newer is likely. */
  #isFresh(known: Known): boolean {
    return this.#options.nowMs() - known.atMs < known.edge.partTargetMs
  }

  #usable(key: string): Known | undefined {
    const known = this.#known.get(key)
    return known && this.#options.nowMs() - known.atMs < STALE_FOR_MS ? known : undefined
  }
}

/** The last known playlist, said to be old, kept by nobody. */
function staleOf({ object, atMs }: Known, nowMs: number): StoredObject {
  const ageSeconds = Math.max(1, Math.ceil((nowMs - atMs) / 1000))
  const headers = object.headers.filter(([name]) => name !== 'cache-control' && name !== 'etag')
  return {
    ...object,
    etag: undefined,
    headers: [...headers, ['cache-control', 'no-store'], [STALE_HEADER, String(ageSeconds)]],
  }
}

function until(ms: number): Promise<void> {
  if (ms <= 0) return Promise.resolve()
  return new Promise((resolve) => setTimeout(resolve, Math.min(ms, MAX_PAUSE_MS)))
}
