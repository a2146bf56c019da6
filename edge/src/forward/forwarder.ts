import type { Env } from '../env.ts'
import { BodyTooLargeError, requestBody, responseBody } from './bodies.ts'
import { type Client, requestHeaders, responseHeaders } from './headers.ts'

const HEADERS_DEADLINE_MS = 30_000
/** For everything: what is forwarded is pages, pictures and JSON, never media. */
const WHOLE_DEADLINE_MS = 120_000

/** The server behind could not be reached, or broke off before it answered. */
export class PeerAwayError extends Error {
  readonly code = 'peer-away'
  constructor(options: ErrorOptions) {
    super('The server behind the edge can not be reached', options)
    this.name = 'PeerAwayError'
  }
}

export interface Target {
  /** Without a slash at its end. */
  baseUrl: string
  /** Headers only the edge may send, such as its proof. */
  extraHeaders(): Promise<Record<string, string>>
  maxBodyBytes: number
}

/** Passes requests on to a server behind the edge and its answers back, bodies as streams both ways. */
export class Forwarder {
  readonly #fetch: Env['fetch']

  constructor({ fetch }: Pick<Env, 'fetch'>) {
    this.#fetch = fetch
  }

  /**
   * @param path normalised path with query
   * @throws BodyTooLargeError; PeerAwayError; DOMException `TimeoutError`
   */
  async forward(request: Request, path: string, target: Target, client: Client): Promise<Response> {
    const exchange = new AbortController()
    const giveUp = () => exchange.abort(new DOMException('The server took too long', 'TimeoutError'))
    const whole = setTimeout(giveUp, WHOLE_DEADLINE_MS)
    const untilHeaders = setTimeout(giveUp, HEADERS_DEADLINE_MS)
    const clientGone = () => exchange.abort(request.signal.reason)
    request.signal.addEventListener('abort', clientGone)
    const end = () => {
      clearTimeout(whole)
      request.signal.removeEventListener('abort', clientGone)
    }
    try {
      const headers = requestHeaders(request.headers, client)
      for (const [name, value] of Object.entries(await target.extraHeaders())) headers.set(name, value)
      const body = await requestBody(request, target.maxBodyBytes, (error) => exchange.abort(error))
      headers.delete('content-length')
      const response = await askTwice(this.#fetch, target.baseUrl + path, {
        method: request.method,
        headers,
        body,
        redirect: 'manual',
        signal: exchange.signal,
        ...(body instanceof ReadableStream && { duplex: 'half' }),
      })
      clearTimeout(untilHeaders)
      return new Response(await responseBody(response, end), {
        status: response.status,
        statusText: response.statusText,
        headers: responseHeaders(response.headers),
      })
    } catch (error) {
      end()
      if (exchange.signal.aborted) throw exchange.signal.reason
      throw error instanceof BodyTooLargeError ? error : new PeerAwayError({ cause: error })
    } finally {
      clearTimeout(untilHeaders)
    }
  }
}

/** A kept connection may have been closed by the other side meanwhile: what is safe to ask twice is. */
export async function askTwice(fetch: Env['fetch'], url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    const isSafe = init.method === undefined || init.method === 'GET' || init.method === 'HEAD'
    if (!isSafe || init.signal?.aborted) throw error
    return fetch(url, init)
  }
}
