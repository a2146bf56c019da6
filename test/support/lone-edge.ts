import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { create, toBinary } from '@bufbuild/protobuf'
import { edgeProcessArguments } from '@streamtube/contracts/edge-process.ts'
import {
  ListRevocationsResponseSchema,
  LocateResponseSchema,
} from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { importSigningKey } from '../../edge/src/keys/jwt.ts'
import { makePrivateJwk, TIMELINE, testId, VIDEO } from '../../edge/src/testing/test-edge.ts'
import { findDeno } from '../../origin/supervisor/parts.ts'
import { repository } from './source-files.ts'

export interface LoneEdgeOptions {
  /** Answers what is asked of an origin; its address has no `/media/`. */
  origin(address: string, response: ServerResponse, request: IncomingMessage): void
  /** Files with certificate and key (PEM). */
  tls?: { cert: string; key: string }
}

export interface LoneEdge {
  port: number
  pid: number
  /** Address of media as viewers ask for it: a path with a token in it, of the tests' live video and timeline. */
  path(media: string): string
  metrics(): Promise<string>
  stop(): Promise<void>
}

/** The edge on Deno, with an origin that is a function in place of all that is behind it. */
export async function startLoneEdge({ origin, tls }: LoneEdgeOptions): Promise<LoneEdge> {
  const server = createServer((request, response) => {
    const url = request.url ?? ''
    if (url.startsWith('/media/')) origin(url.slice('/media/'.length), response, request)
    else answerRpc(url, originUrl, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const originUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const privateJwk = await makePrivateJwk()
  const child = spawn(
    findDeno(repository),
    edgeProcessArguments({
      mainPath: join(repository, 'edge', 'src', 'main.deno.ts'),
      tlsFiles: tls ? [tls.cert, tls.key] : [],
      endWithStdin: true,
    }),
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        HOME: process.env.HOME,
        NO_COLOR: '1',
        PORT: '0',
        HOST: '127.0.0.1',
        PUBLIC_URL: tls ? 'https://localhost' : 'http://localhost',
        METRICS_PORT: '0',
        API_URL: originUrl,
        WEB_URL: originUrl,
        SERVICE_TOKEN: 'service-token-of-the-tests',
        EDGE_PRIVATE_JWK: privateJwk,
        ...(tls && { TLS_CERT: tls.cert, TLS_KEY: tls.key }),
      },
    },
  )
  const { port, metricsPort } = await takesViewers(child)
  const token = await makeToken(privateJwk)
  return {
    port,
    pid: child.pid ?? 0,
    path: (media) => `/p/${token}/${media}`,
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    async stop() {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined
      child.kill('SIGKILL')
      await ended
      server.closeAllConnections()
      server.close()
    },
  }
}

function answerRpc(url: string, originUrl: string, response: ServerResponse): void {
  const location = { liveUrl: originUrl, libraryUrl: originUrl, maxAgeMs: 1000 }
  response.setHeader('content-type', 'application/proto')
  response.end(
    url.endsWith('/Locate')
      ? toBinary(LocateResponseSchema, create(LocateResponseSchema, location))
      : toBinary(ListRevocationsResponseSchema, create(ListRevocationsResponseSchema, { cursor: '0' })),
  )
}

async function takesViewers(child: ChildProcess): Promise<{ port: number; metricsPort: number }> {
  if (!child.stdout) throw new Error('an edge without a log')
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    const entry = JSON.parse(line) as { msg: string; port: number; metricsPort: number }
    if (entry.msg !== 'Taking viewers') continue
    child.stdout.resume()
    return entry
  }
  throw new Error(`The edge ended before it took viewers: ${lines.join('\n')}`)
}

async function makeToken(privateJwk: string): Promise<string> {
  const key = await importSigningKey(privateJwk)
  const iat = Math.floor(Date.now() / 1000)
  const claims = { aud: 'playback', sid: testId(3), knd: 'live', ast: VIDEO, tml: TIMELINE }
  return key.sign({ ...claims, iat, exp: iat + 3600 })
}
