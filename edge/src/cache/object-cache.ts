import type { Env } from '../env.ts'
import type { Cell } from '../metrics.ts'
import { FairStore, type Placement } from './fair-store.ts'
import { chunksOf, SharedBody } from './shared-body.ts'
import { SingleFlight } from './single-flight.ts'

/** Up to this size an object is answered when it is whole (parts, playlists); a larger one as it arrives. */
const WHOLE_UP_TO_BYTES = 256 * 1024
const HEADERS_DEADLINE_MS = 15_000
const STALL_DEADLINE_MS = 10_000
const ALONE: Placement = { group: '', brief: false }

export type HeaderPairs = [name: string, value: string][]

/** What is kept of an origin's answer. */
export interface StoredObject {
  /** Headers of every answer made from it. */
  headers: HeaderPairs
  etag: string | undefined
  body: SharedBody
  /** Infinity for what never changes. */
  expiresAtMs: number
  /** Counts those it is answered to. */
  readers: Cell | undefined
  /** As Recipe.onlyWhole. */
  onlyWhole?: boolean
}

export type Loaded =
  | { type: 'object'; object: StoredObject }
  /** The origin answered something else than 200: passed on to all who waited, never kept. */
  | { type: 'refused'; status: number; retryAfter: string | null }
  /** Too large to keep: everyone fetches their own, as a stream. */
  | { type: 'large' }

/** How one kind of thing is fetched and kept. */
export interface Recipe {
  load(signal: AbortSignal): Promise<Response>
  /** Headers to answer with, and for how long to keep it (0: only shared with those who wait now). */
  describe(response: Response): { headers: HeaderPairs; keepMs: number }
  /** Whose room it takes and whose requests it counts for; one group when absent. */
  placement?: Placement
  readers?: Cell
  /** No range of it is given, which a server may do (RFC 9110, 14.2): it is small, and wanted often. */
  onlyWhole?: boolean
  /** Called once, with what came whole, before anyone is answered with it. */
  arrived?(object: StoredObject): void
}

interface CacheMetrics {
  hits: Cell
  misses: Cell
  bytes: Cell
}

export interface ObjectCacheOptions extends Pick<Env, 'sharing' | 'nowMs' | 'log'> {
  maxBytes: number
  maxObjectBytes: number
  maxUnderWay: number
  /** Of one placement's group; as much as of all when absent. */
  maxUnderWayPerGroup?: number
  metrics: CacheMetrics
}

/**
 * Answers from the origin, each asked for once and kept within a bound of bytes. The key is an address without token
 * (MEDIA.md 21); whoever asks has checked before that it may.
 */
export class ObjectCache {
  readonly #options: ObjectCacheOptions
  readonly #kept: FairStore<StoredObject>
  readonly #arriving = new Map<string, StoredObject>()
  readonly #flights: SingleFlight<Loaded>
  #arrivingBytes = 0

  constructor(options: ObjectCacheOptions) {
    this.#options = options
    this.#kept = new FairStore(options.maxBytes, options.nowMs)
    this.#flights = new SingleFlight(options.sharing, options.maxUnderWay, options.maxUnderWayPerGroup)
  }

  /** What is kept whole under this key and has not expired. */
  get(key: string): StoredObject | undefined {
    const object = this.#kept.get(key)
    if (object === undefined) return undefined
    if (object.expiresAtMs <= this.#options.nowMs()) {
      this.#forget(key)
      return undefined
    }
    this.#options.metrics.hits.inc()
    return object
  }

  /**
   * Gets what `get` doesn't have: joins a fetch under way, or begins one. Nobody's going away cancels it.
   * @throws BusyError; BrokenBodyError; what `recipe.load` throws
   */
  load(key: string, recipe: Recipe): Promise<Loaded> {
    this.#options.metrics.misses.inc()
    const arriving = this.#arriving.get(key)
    if (arriving) return Promise.resolve({ type: 'object', object: arriving })
    return this.#flights.run(key, () => this.#fetch(key, recipe), recipe.placement?.group)
  }

  async #fetch(key: string, recipe: Recipe): Promise<Loaded> {
    const deadline = new Deadline(HEADERS_DEADLINE_MS)
    try {
      const response = await recipe.load(deadline.signal)
      if (response.status !== 200) {
        deadline.end()
        await response.body?.cancel()
        return { type: 'refused', status: response.status, retryAfter: response.headers.get('retry-after') }
      }
      deadline.extend(STALL_DEADLINE_MS)
      const body = await this.#receive(response, () => deadline.extend(STALL_DEADLINE_MS))
      if (!body) {
        deadline.end()
        if (!response.bodyUsed) await response.body?.cancel()
        return { type: 'large' }
      }
      const { headers, keepMs } = recipe.describe(response)
      const object: StoredObject = {
        headers,
        etag: response.headers.get('etag') ?? undefined,
        body,
        expiresAtMs: this.#options.nowMs() + keepMs,
        readers: recipe.readers,
        ...(recipe.onlyWhole && { onlyWhole: true }),
      }
      const arrival = this.#follow(key, object, keepMs > 0 ? recipe.placement : null, deadline)
      if (body.sizeBytes <= WHOLE_UP_TO_BYTES) {
        await arrival
        recipe.arrived?.(object)
      } else arrival.catch((err) => this.#options.log.warn({ err, key }, 'An object broke off'))
      return { type: 'object', object }
    } catch (error) {
      deadline.end()
      throw error
    }
  }

  /** Begins to take in a body; undefined when it is too large, or too much is arriving already. */
  async #receive(response: Response, onProgress: () => void): Promise<SharedBody | undefined> {
    const { maxObjectBytes, maxBytes } = this.#options
    const announced = response.headers.get('content-length')
    const { body } = response
    if (!body) return new SharedBody(new Blob([]).stream(), 0, onProgress)
    if (announced !== null && !response.headers.has('content-encoding')) {
      const sizeBytes = Number(announced)
      if (!(sizeBytes <= maxObjectBytes) || this.#arrivingBytes + sizeBytes > maxBytes) return undefined
      return new SharedBody(body, sizeBytes, onProgress)
    }
    const chunks: Uint8Array<ArrayBuffer>[] = []
    let sizeBytes = 0
    for await (const chunk of chunksOf(body)) {
      sizeBytes += chunk.byteLength
      if (sizeBytes > maxObjectBytes) return undefined
      chunks.push(new Uint8Array(chunk))
      onProgress()
    }
    return new SharedBody(new Blob(chunks).stream(), sizeBytes, onProgress)
  }

  /** Lets others join while the body arrives; keeps the object, unless its placement is null, once it is whole. */
  async #follow(
    key: string,
    object: StoredObject,
    placement: Placement | null | undefined,
    deadline: Deadline,
  ): Promise<void> {
    const { sizeBytes } = object.body
    const shared = this.#options.sharing === 'process'
    if (shared && sizeBytes > WHOLE_UP_TO_BYTES) this.#arriving.set(key, object)
    if (shared) this.#arrivingBytes += sizeBytes
    try {
      await object.body.whole
      if (placement !== null) this.#keep(key, object, placement)
    } finally {
      deadline.end()
      if (shared) this.#arrivingBytes -= sizeBytes
      this.#arriving.delete(key)
    }
  }

  #keep(key: string, object: StoredObject, placement = ALONE): void {
    this.#kept.set(key, object, object.body.sizeBytes, placement)
    this.#options.metrics.bytes.set(this.#kept.bytes)
  }

  #forget(key: string): void {
    this.#kept.delete(key)
    this.#options.metrics.bytes.set(this.#kept.bytes)
  }
}

/** A deadline that can be put off. */
class Deadline {
  readonly #controller = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ms: number) {
    this.extend(ms)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  extend(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#controller.abort(new DOMException('The origin took too long', 'TimeoutError'))
    }, ms)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
