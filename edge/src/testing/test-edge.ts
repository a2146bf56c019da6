import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import type { PlaybackClaims } from '@streamtube/contracts/claims.ts'
import {
  type AuthorizePlaybackRequest,
  AuthorizePlaybackRequestSchema,
  AuthorizePlaybackResponseSchema,
  ListRevocationsRequestSchema,
  ListRevocationsResponseSchema,
  LocateRequestSchema,
  LocateResponseSchema,
  type Revocation,
  RevocationSchema,
} from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { makeId } from '@streamtube/contracts/ids.ts'
import { type App, createApp } from '../app.ts'
import { DEFAULT_LIMITS, type EdgeLimits, type Env, type OriginFetch } from '../env.ts'
import { importSigningKey, type SigningKey } from '../keys/jwt.ts'
import { createLog } from '../log.ts'
import { createMetrics, type Metrics } from '../metrics.ts'

export const SITE = 'http://site.test'
export const API = 'http://api.test'
export const WEB = 'http://web.test'
export const INGEST = 'http://ingest.test'
const SERVICE_TOKEN = 'service-token-of-the-tests'
export const START_MS = Date.UTC(2026, 10, 22, 14)

/** A valid id that shows what it is for: its last characters are the number. */
export function testId(number: number): string {
  const random = new Uint8Array(10)
  new DataView(random.buffer).setUint32(6, number)
  return makeId(START_MS, random)
}

export const VIDEO = testId(1)
export const TIMELINE = testId(2)

/** A private Ed25519 key as a JWK with kid, as text. */
export async function makePrivateJwk(kid = 'test'): Promise<string> {
  const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('no key pair')
  const { kty, crv, x, d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
  return JSON.stringify({ kty, crv, x, d, kid })
}

export interface Asked {
  url: string
  method: string
  headers: Headers
  body: string
  signal: AbortSignal | undefined
}

export interface TestEdgeOptions {
  publicUrl?: string
  limits?: Partial<EdgeLimits>
  trustedProxies?: Env['config']['trustedProxies']
  sharing?: Env['sharing']
  key?: SigningKey
  /** Answers every request that is no RPC. */
  origin?: (asked: Asked, init: RequestInit) => Response | Promise<Response>
  liveUrl?: string
  /** Answers, or throws the Connect error code that the api role would answer. */
  authorize?: (asked: AuthorizePlaybackRequest) => {
    timelineId?: string
    viewerId?: string
    sessionId?: string
    maxHeight?: number
    ttlSeconds?: number
  }
  locateStatus?: () => number
}

export interface TestEdge {
  app: App
  key: SigningKey
  metrics: Metrics
  lines: string[]
  /** What origins were asked, RPC apart. */
  asked: Asked[]
  /** What the api role was asked, the feed of revocations apart. */
  rpcs: string[]
  feed: Feed
  clock: { nowMs: number }
  token(claims?: Partial<PlaybackClaims>): Promise<string>
  get(path: string, init?: RequestInit): Promise<Response>
}

/** The api role's feed of revocations, as tests make it. */
export interface Feed {
  revocations: Revocation[]
  status: number
  /** Cursors it was asked with. */
  asked: string[]
}

/** A revocation for a feed. */
export function revocation(names: Partial<Omit<Revocation, '$typeName'>>): Revocation {
  return create(RevocationSchema, { expiresAtMs: BigInt(START_MS + 13 * 3_600_000), ...names })
}

/** An error as the Connect protocol answers it. */
export class RpcFault extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** An edge with everything of its own but the origins, which are functions. */
export async function createTestEdge(options: TestEdgeOptions = {}): Promise<TestEdge> {
  const key = options.key ?? (await importSigningKey(await makePrivateJwk()))
  const clock = { nowMs: START_MS }
  const lines: string[] = []
  const asked: Asked[] = []
  const rpcs: string[] = []
  const feed: Feed = { revocations: [], status: 200, asked: [] }
  const metrics = createMetrics('edge')
  let ids = 1000
  const fetch: OriginFetch = async (url, init) => {
    if (url.startsWith(`${API}/rpc/`))
      return answerRpc(url, init, options, { rpcs, feed, nowMs: clock.nowMs })
    const body = init.body ? await new Response(init.body).text() : ''
    const question: Asked = {
      url,
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      body,
      signal: init.signal ?? undefined,
    }
    asked.push(question)
    return options.origin?.(question, init) ?? new Response('not found', { status: 404 })
  }
  const nowMs = () => clock.nowMs
  const app = createApp({
    config: {
      publicUrl: options.publicUrl ?? SITE,
      apiUrl: API,
      webUrl: WEB,
      serviceToken: SERVICE_TOKEN,
      trustedProxies: options.trustedProxies ?? [],
      limits: { ...DEFAULT_LIMITS, mediaCacheBytes: 64 * 1024 * 1024, ...options.limits },
    },
    fetch,
    nowMs,
    newId: () => testId(ids++),
    key,
    log: createLog({ process: 'edge', level: 'debug', nowMs, write: (line) => lines.push(line) }),
    metrics,
    sharing: options.sharing ?? 'process',
  })
  return {
    app,
    key,
    metrics,
    lines,
    asked,
    rpcs,
    feed,
    clock,
    token: (claims = {}) => key.sign({ ...claimsFor(clock.nowMs), ...claims }),
    get: async (path, init) => app.fetch(new Request(SITE + path, init), () => '203.0.113.7'),
  }
}

function claimsFor(nowMs: number): PlaybackClaims {
  const iat = Math.floor(nowMs / 1000)
  return { aud: 'playback', sid: testId(3), knd: 'live', ast: VIDEO, tml: TIMELINE, iat, exp: iat + 3600 }
}

interface ApiRole {
  rpcs: string[]
  feed: Feed
  nowMs: number
}

function answerRpc(
  url: string,
  init: RequestInit,
  options: TestEdgeOptions,
  { rpcs, feed, nowMs }: ApiRole,
): Response {
  const method = url.slice(url.lastIndexOf('/') + 1)
  if (method !== 'ListRevocations') rpcs.push(method)
  if (new Headers(init.headers).get('authorization') !== `Bearer ${SERVICE_TOKEN}`) {
    return rpcError(401, 'unauthenticated', 'no service token')
  }
  if (!(init.body instanceof Uint8Array)) throw new Error('an RPC without a body')
  if (method === 'ListRevocations') {
    const { cursor } = fromBinary(ListRevocationsRequestSchema, init.body)
    feed.asked.push(cursor)
    if (feed.status !== 200) return rpcError(feed.status, 'unavailable', 'away')
    const answer = create(ListRevocationsResponseSchema, {
      revocations: feed.revocations.slice(Number(cursor)),
      cursor: String(feed.revocations.length),
    })
    return rpcAnswer(toBinary(ListRevocationsResponseSchema, answer))
  }
  if (method === 'Locate') {
    const status = options.locateStatus?.() ?? 200
    if (status === 404) return rpcError(404, 'not_found', 'no such timeline')
    if (status !== 200) return rpcError(status, 'unavailable', 'away')
    fromBinary(LocateRequestSchema, init.body)
    const answer = create(LocateResponseSchema, {
      liveUrl: options.liveUrl ?? INGEST,
      libraryUrl: API,
      maxAgeMs: 2000,
    })
    return rpcAnswer(toBinary(LocateResponseSchema, answer))
  }
  try {
    const question = fromBinary(AuthorizePlaybackRequestSchema, init.body)
    const answer = create(AuthorizePlaybackResponseSchema, {
      timelineId: TIMELINE,
      ttlSeconds: 3600,
      decidedAtMs: BigInt(nowMs),
      ...options.authorize?.(question),
    })
    return rpcAnswer(toBinary(AuthorizePlaybackResponseSchema, answer))
  } catch (error) {
    if (error instanceof RpcFault) return rpcError(400, error.code, error.message)
    throw error
  }
}

function rpcAnswer(body: Uint8Array<ArrayBuffer>): Response {
  return new Response(body, { headers: { 'content-type': 'application/proto' } })
}

function rpcError(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status })
}
