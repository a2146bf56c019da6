import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PROBLEM_CONTENT_TYPE, type ProblemCode, problem } from '@streamtube/contracts/api/problem.ts'
import { EDGE_TOKEN_HEADER, PART_AT_HEADER, REQUEST_ID_HEADER } from '@streamtube/contracts/headers.ts'
import type { MediaPath } from '@streamtube/contracts/media-paths.ts'
import type { Logger } from '../log.ts'
import type { LiveTimeline } from '../media/live-timeline.ts'
import { hasServiceToken } from '../rpc/token.ts'
import type { EdgeTokenVerifier } from '../trust/edge-token.ts'
import type { MediaMetrics } from './media-metrics.ts'
import { answerMedia, type MediaAnswer, type MediaRequest } from './media-routes.ts'

export interface MediaServerOptions {
  host: string
  port: number
  edgeTokens: EdgeTokenVerifier
  /** The transcode role reads key frames with it. */
  serviceToken: string
  timelineOf(timelineId: string): LiveTimeline | null
  /** An object that is neither in a timeline's memory nor in blobs yet, or null. */
  spooled(path: MediaPath): Promise<Uint8Array | null>
  metrics: MediaMetrics
  log: Logger
  nowMs(): number
}

export interface MediaServer {
  port: number
  /** Ends every request under way. */
  close(): Promise<void>
}

/** A request head must be in within this; an answer may not stand still longer than the other. */
const HEAD_TIMEOUT_MS = 10_000
const STALLED_MS = 30_000
const PREFIX = '/media/'

const codes: Record<number, ProblemCode> = {
  400: 'invalid-request',
  401: 'unauthenticated',
  404: 'not-found',
  503: 'unavailable',
}

/**
 * Serves the live tails to edges, over HTTP/1.1.
 * @throws the listen error
 */
export async function startMediaServer(options: MediaServerOptions): Promise<MediaServer> {
  const server = createServer(
    {
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: HEAD_TIMEOUT_MS,
      keepAliveTimeout: 60_000,
      noDelay: true,
    },
    (request, response) => {
      handle(request, response, options).catch((error: unknown) => {
        options.log.error(
          { err: error, requestId: request.headers[REQUEST_ID_HEADER] },
          'A media request failed',
        )
        if (response.headersSent) response.destroy()
        else sendProblem(request, response, 503, 'This cannot be answered now')
      })
    },
  )
  server.setTimeout(STALLED_MS)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  options: MediaServerOptions,
): Promise<void> {
  const { url = '/', method } = request
  const [path = '/', queryText] = url.split('?', 2)
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return sendProblem(request, response, 404, 'Media can only be read')
  }
  if (!path.startsWith(PREFIX)) return sendProblem(request, response, 404, 'Nothing is here')
  if (!(await isTrusted(request, options))) {
    return sendProblem(request, response, 401, 'Media are served through the edge')
  }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const answer = await untilThere(
    {
      rest: path.slice(PREFIX.length),
      query: new URLSearchParams(queryText),
      signal: gone.signal,
      nowMs: options.nowMs(),
    },
    options,
  )
  if (!response.destroyed) send(request, response, answer, options)
}

async function untilThere(
  request: MediaRequest,
  { timelineOf, spooled, metrics }: MediaServerOptions,
): Promise<MediaAnswer> {
  metrics.blocked(1)
  try {
    return await answerMedia(request, { timelineOf, spooled })
  } finally {
    metrics.blocked(-1)
  }
}

async function isTrusted(
  request: IncomingMessage,
  { edgeTokens, serviceToken }: MediaServerOptions,
): Promise<boolean> {
  const { authorization, [EDGE_TOKEN_HEADER]: edgeToken } = request.headers
  if (edgeToken !== undefined) return edgeTokens.verify(edgeToken)
  return hasServiceToken(authorization, serviceToken)
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: MediaAnswer,
  { metrics, nowMs }: MediaServerOptions,
): void {
  switch (answer.type) {
    case 'object':
      response.writeHead(200, {
        'content-type': 'video/mp4',
        'content-length': answer.sizeBytes,
        'cache-control': 'public, max-age=31536000, immutable',
      })
      if (request.method === 'GET') for (const chunk of answer.chunks) response.write(chunk)
      response.end()
      break
    case 'playlist': {
      const body = Buffer.from(answer.text)
      response.writeHead(200, {
        'content-type': 'application/vnd.apple.mpegurl',
        'content-length': body.byteLength,
        'cache-control': 'no-store',
        ...(answer.partAtMs !== null && { [PART_AT_HEADER]: answer.partAtMs }),
      })
      response.end(request.method === 'GET' ? body : undefined)
      if (answer.partAtMs !== null) metrics.listed((nowMs() - answer.partAtMs) / 1000)
      break
    }
    case 'problem':
      sendProblem(request, response, answer.status, answer.title)
      break
    default:
      answer satisfies never
  }
}

function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  title: string,
): void {
  const requestId = request.headers[REQUEST_ID_HEADER]
  const more = typeof requestId === 'string' ? { requestId } : {}
  const body = Buffer.from(JSON.stringify(problem(codes[status] ?? 'internal', status, title, more)))
  response.writeHead(status, {
    'content-type': PROBLEM_CONTENT_TYPE,
    'content-length': body.byteLength,
    'cache-control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
