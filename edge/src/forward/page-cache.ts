import { STALE_HEADER } from '@streamtube/contracts/headers.ts'
import { FairStore } from '../cache/fair-store.ts'
import type { HeaderPairs, StoredObject } from '../cache/object-cache.ts'
import { BrokenBodyError, SharedBody } from '../cache/shared-body.ts'
import { SingleFlight } from '../cache/single-flight.ts'
import type { CacheMetrics } from '../caches.ts'
import type { Env } from '../env.ts'
import { answerObject } from '../http/answer-object.ts'
import { responseHeaders } from './headers.ts'
import { type Keeping, keepingOf } from './keeping.ts'

/** Whoever asks waits so long for a newer page than the one that is there. */
const PATIENCE_MS = 1000
/** A server that failed, or took longer, is left alone for so long where an older page is there. */
const ASK_AGAIN_AFTER_MS = 1000
const ANSWER_DEADLINE_MS = 10_000
const MAX_UNDER_WAY = 256
const MAX_PAGE_BYTES = 1024 * 1024

/** Said anew to everyone, or of one answer only. */
const OWN_HEADERS = new Set(['age', 'cache-control', 'content-length', 'date', 'x-request-id'])

/** An answer to nobody in particular. */
interface Page {
  status: number
  object: StoredObject
  keeping: Keeping | undefined
  cameAtMs: number
  askAgainAtMs: number
}

export interface PageCacheOptions extends Pick<Env, 'sharing' | 'nowMs' | 'log'> {
  maxBytes: number
  metrics: CacheMetrics
}

/**
 * Shares the answers that servers give to nobody in particular: asked for once, kept as briefly as they say, and
 * answered on when the server is away.
 */
export class PageCache {
  readonly #options: PageCacheOptions
  readonly #kept: FairStore<Page>
  readonly #flights: SingleFlight<Page | undefined>

  constructor(options: PageCacheOptions) {
    this.#options = options
    this.#kept = new FairStore(options.maxBytes, options.nowMs)
    this.#flights = new SingleFlight(options.sharing, MAX_UNDER_WAY)
  }

  /**
   * @param load asks the server, in nobody's name
   * @returns undefined when the answer can't be shared: ask for this request alone
   * @throws what `load` throws, where no older answer may stand in; BrokenBodyError; BusyError
   */
  async answer(
    request: Request,
    key: string,
    load: (signal: AbortSignal) => Promise<Response>,
  ): Promise<Response | undefined> {
    const { nowMs, sharing, metrics } = this.#options
    const kept = this.#kept.get(key)
    const now = nowMs()
    const ageMs = kept ? now - kept.cameAtMs : Number.POSITIVE_INFINITY
    if (kept?.keeping && ageMs >= 0) {
      const { freshMs, revalidateMs, errorMs } = kept.keeping
      if (ageMs < freshMs) return this.#fromMemory(request, kept)
      if (ageMs < freshMs + Math.max(revalidateMs, errorMs)) {
        if (now < kept.askAgainAtMs) return this.#fromMemory(request, kept, ageMs)
        const newer = this.#refresh(key, kept, load)
        if (sharing === 'process' && ageMs < freshMs + revalidateMs) return this.#fromMemory(request, kept)
        const page = await within(PATIENCE_MS, newer, kept)
        if (page !== kept) return page && respond(request, page)
        kept.askAgainAtMs = Math.max(kept.askAgainAtMs, nowMs() + ASK_AGAIN_AFTER_MS)
        return this.#fromMemory(request, kept, ageMs)
      }
    }
    metrics.misses.inc()
    const page = await this.#flights.run(key, () => this.#fetch(key, load))
    return page && respond(request, page)
  }

  #fromMemory(request: Request, page: Page, staleMs = 0): Response {
    this.#options.metrics.hits.inc()
    const response = respond(request, page)
    if (staleMs > 0) response.headers.set(STALE_HEADER, String(Math.floor(staleMs / 1000)))
    return response
  }

  /** A newer page, or the one that is there when the server fails. Never rejects. */
  async #refresh(
    key: string,
    kept: Page,
    load: (signal: AbortSignal) => Promise<Response>,
  ): Promise<Page | undefined> {
    this.#options.metrics.misses.inc()
    let err: unknown
    try {
      const page = await this.#flights.run(key, () => this.#fetch(key, load))
      if (!page || page.status < 500) return page
    } catch (error) {
      err = error
    }
    this.#options.log.warn({ err, key }, 'A page could not be had anew; the one before stands in')
    kept.askAgainAtMs = this.#options.nowMs() + ASK_AGAIN_AFTER_MS
    return kept
  }

  async #fetch(key: string, load: (signal: AbortSignal) => Promise<Response>): Promise<Page | undefined> {
    const { nowMs, metrics } = this.#options
    const response = await load(AbortSignal.timeout(ANSWER_DEADLINE_MS))
    const isForOne = response.headers.has('set-cookie')
    if (isForOne) await response.body?.cancel()
    const bytes = isForOne ? undefined : await readUpTo(response, MAX_PAGE_BYTES)
    if (!bytes) {
      this.#forget(key)
      return undefined
    }
    const body = new SharedBody(new Blob([bytes]).stream(), bytes.byteLength, () => {})
    await body.whole
    const page: Page = {
      status: response.status,
      object: {
        headers: headersOf(response),
        etag: response.headers.get('etag') ?? undefined,
        body,
        expiresAtMs: 0,
        readers: undefined,
      },
      keeping: response.status === 200 ? keepingOf(response.headers) : undefined,
      cameAtMs: nowMs(),
      askAgainAtMs: 0,
    }
    if (page.keeping) this.#kept.set(key, page, bytes.byteLength, { group: '', brief: false })
    else if (page.status < 500) this.#forget(key)
    metrics.bytes.set(this.#kept.bytes)
    return page
  }

  #forget(key: string): void {
    this.#kept.delete(key)
  }
}

/** Browsers keep no copy: who signs in must not see the page of a guest. */
function headersOf(response: Response): HeaderPairs {
  const headers: HeaderPairs = []
  for (const [name, value] of responseHeaders(response.headers)) {
    if (!OWN_HEADERS.has(name)) headers.push([name, value])
  }
  return [...headers, ['cache-control', 'private, no-cache']]
}

function respond(request: Request, { status, object }: Page): Response {
  if (status === 200) return answerObject(request, object)
  const isBare = request.method === 'HEAD' || status === 204 || status === 304
  return new Response(isBare ? null : object.body.stream(0, object.body.sizeBytes - 1), {
    status,
    headers: object.headers,
  })
}

/**
 * A whole body, or undefined for one that is larger.
 * @throws BrokenBodyError; DOMException `TimeoutError`
 */
async function readUpTo(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let sizeBytes = 0
  const reader = response.body?.getReader()
  for (;;) {
    const { done, value } = (await reader?.read().catch(brokenOff)) ?? { done: true, value: undefined }
    if (done) break
    sizeBytes += value.byteLength
    if (sizeBytes > maxBytes) {
      await reader?.cancel()
      return undefined
    }
    chunks.push(value)
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}

function brokenOff(cause: unknown): never {
  throw cause instanceof DOMException && cause.name === 'TimeoutError'
    ? cause
    : new BrokenBodyError({ cause })
}

async function within<T>(ms: number, answer: Promise<T>, instead: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(instead), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
