import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect } from 'node:net'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { create, toBinary } from '@bufbuild/protobuf'
import { EDGE_VARIABLES, edgeProcessArguments } from '@streamtube/contracts/edge-process.ts'
import { LocateResponseSchema } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { importSigningKey, type SigningKey } from './keys/jwt.ts'
import { makePrivateJwk, TIMELINE, testId, VIDEO } from './testing/test-edge.ts'

const OBJECT = `m/${TIMELINE}/source/1/s7.m4s`
const PLAYLIST = `live/${VIDEO}/source.m3u8`
const PATIENCE = { timeout: 20_000 }
const LARGE = Buffer.alloc(400_000, 'large')

interface RunningEdge {
  child: ChildProcessWithoutNullStreams
  url: string
  port: number
  metricsUrl: string
  lines: string[]
}

let privateJwk = ''
let key: SigningKey
let origin: Server
let originUrl = ''
let asked: IncomingMessage[] = []
/** Answer playlists and pages; replaced by tests that hold them back. */
let answerPlaylist: (response: ServerResponse) => void
let answerPage: (response: ServerResponse) => void
const running = new Set<ChildProcessWithoutNullStreams>()

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? ''
  if (url.endsWith('/ListRevocations')) {
    response.setHeader('content-type', 'application/proto').end()
    return
  }
  if (url.startsWith('/rpc/')) {
    const location = create(LocateResponseSchema, {
      liveUrl: originUrl,
      libraryUrl: originUrl,
      maxAgeMs: 1000,
    })
    response.setHeader('content-type', 'application/proto').end(toBinary(LocateResponseSchema, location))
    return
  }
  asked.push(request)
  if (url.startsWith(`/media/${PLAYLIST}`)) return answerPlaylist(response)
  if (url.startsWith('/media/')) {
    const bytes = url.endsWith('s8.m4s') ? LARGE : Buffer.from('0123456789')
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': bytes.byteLength, etag: '"7"' })
    response.end(bytes)
    return
  }
  if (request.method === 'POST') {
    response.writeHead(201, { 'content-type': 'text/plain' }).end((await text(request)).toUpperCase())
    return
  }
  answerPage(response)
}

function token(claims: Record<string, unknown> = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const good = {
    aud: 'playback',
    sid: testId(3),
    knd: 'live',
    ast: VIDEO,
    tml: TIMELINE,
    iat,
    exp: iat + 600,
  } as const
  return key.sign({ ...good, ...claims })
}

function denoPath(): string {
  const platform =
    process.platform === 'linux' ? `linux-${process.arch}-glibc` : `${process.platform}-${process.arch}`
  return join(dirname(createRequire(import.meta.url).resolve(`@deno/${platform}/package.json`)), 'deno')
}

function spawnEdge(
  port = 0,
  host = '127.0.0.1',
  more: Record<string, string> = {},
): ChildProcessWithoutNullStreams {
  const args = edgeProcessArguments({
    mainPath: join(import.meta.dirname, 'main.deno.ts'),
    endWithStdin: true,
  })
  const env: Record<string, string> = {
    PORT: String(port),
    HOST: host,
    PUBLIC_URL: 'http://localhost',
    METRICS_PORT: '0',
    API_URL: originUrl,
    WEB_URL: originUrl,
    SERVICE_TOKEN: 'service-token-of-the-tests',
    EDGE_PRIVATE_JWK: privateJwk,
    LOG_LEVEL: 'debug',
    ...more,
  }
  for (const name of Object.keys(env)) expect(EDGE_VARIABLES).toContain(name)
  const child = spawn(denoPath(), args, { env: { ...env, HOME: process.env.HOME, NO_COLOR: '1' } })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Follows the log of an edge until a line says so. */
async function line(child: ChildProcessWithoutNullStreams, lines: string[], message: string) {
  for await (const entry of createInterface(child.stdout)) {
    lines.push(entry)
    const fields = JSON.parse(entry) as { msg: string; port: number; metricsPort: number }
    if (fields.msg === message) return fields
  }
  throw new Error(`The edge ended without "${message}": ${lines.join('\n')} ${await text(child.stderr)}`)
}

async function startEdge(port = 0, more: Record<string, string> = {}): Promise<RunningEdge> {
  const child = spawnEdge(port, '127.0.0.1', more)
  const lines: string[] = []
  const taking = await line(child, lines, 'Taking viewers')
  child.stdout.on('data', (chunk) => lines.push(String(chunk)))
  return {
    child,
    url: `http://127.0.0.1:${taking.port}`,
    port: taking.port,
    metricsUrl: `http://127.0.0.1:${taking.metricsPort}`,
    lines,
  }
}

/** Sends a request as it is written, which `fetch` would tidy. */
async function raw(port: number, target: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  return text(socket)
}

function upgradeRequest(header: string): string {
  const lines = [
    'GET / HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    header,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Asks to become a WebSocket. */
function upgrade(port: number, header: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(upgradeRequest(header))
  return new Promise((resolve) => {
    let answer = ''
    socket.on('data', (chunk) => {
      answer += String(chunk)
      if (/403|no socket/.test(answer)) resolve(answer)
    })
    socket.once('close', () => resolve(answer))
  })
}

beforeAll(async () => {
  privateJwk = await makePrivateJwk()
  key = await importSigningKey(privateJwk)
  origin = createServer((request, response) => void answer(request, response))
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
})
beforeEach(() => {
  asked = []
  answerPlaylist = (response) => {
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-cache' })
    response.end('#EXTM3U')
  }
  answerPage = (response) => {
    response
      .writeHead(200, { 'content-type': 'text/html', 'set-cookie': ['a=1', 'b=2'] })
      .end('<p>'.repeat(1000))
  }
})
afterAll(() => {
  origin.closeAllConnections()
  origin.close()
})

describe('the edge on Deno', () => {
  let edge: RunningEdge
  beforeAll(async () => {
    edge = await startEdge()
  })
  afterAll(async () => {
    if (edge.child.exitCode !== null) return
    edge.child.kill('SIGTERM')
    await once(edge.child, 'exit')
  })

  test('plays media: whole, ranges, HEAD, 304, from any site', async () => {
    const url = `${edge.url}/p/${await token()}/${OBJECT}`
    const whole = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789'])
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-length': '10',
      'content-type': 'video/mp4',
      etag: '"7"',
    })
    const range = await fetch(url, { headers: { range: 'bytes=3-5' } })
    expect([range.status, await range.text(), range.headers.get('content-range')]).toEqual([
      206,
      '345',
      'bytes 3-5/10',
    ])
    const outside = await fetch(url, { headers: { range: 'bytes=10-' } })
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */10'])
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', ''])
    expect((await fetch(url, { headers: { 'if-none-match': '"7"' } })).status).toBe(304)
    const preflight = await fetch(url, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(asked.map((request) => request.url)).toEqual([`/media/${OBJECT}`])
    const proof = String(asked[0]?.headers['x-streamtube-edge'])
    await expect(key.verify(proof, 'origin', Date.now())).resolves.toMatchObject({ iss: 'edge' })
  })

  test('200 viewers who want one object cost its origin one request', async () => {
    const url = `${edge.url}/p/${await token()}/m/${TIMELINE}/source/1/s8.m4s`
    const bodies = await Promise.all(
      [...Array(200)].map(async () => Buffer.from(await (await fetch(url)).arrayBuffer()).equals(LARGE)),
    )
    expect(bodies).toEqual(Array(200).fill(true))
    expect(asked.length).toBe(1)
  })

  test('refuses what has no good token, with a problem document', async () => {
    for (const bad of [await token({ exp: 1 }), await token({ tml: testId(9) }), 'x.y.z']) {
      const response = await fetch(`${edge.url}/p/${bad}/${OBJECT}`)
      expect([response.status, response.headers.get('content-type')]).toEqual([
        403,
        'application/problem+json',
      ])
    }
    expect(asked).toEqual([])
  })

  test('an address with detours reaches nothing that it may not', async () => {
    const good = await token()
    for (const target of [
      `/p/${good}/m/../../../api/x`,
      `/p/${good}/m/${TIMELINE}/source/1/%2e%2e/s7.m4s`,
      `/x/..//p/${good}/${OBJECT}`,
      `/./p/${good}/${OBJECT}`,
    ]) {
      expect(await raw(edge.port, target)).toMatch(/^HTTP\/1.1 (404|200)/)
    }
    await raw(edge.port, '/api/../media/x')
    await raw(edge.port, '/api/%2e%2e\\rpc/x')
    expect(asked.filter(({ url }) => url?.startsWith('/api/'))).toEqual([])
    expect(asked.filter(({ url }) => url?.startsWith('/media/') && url.includes(TIMELINE))).toEqual([])
  })

  test('forwards pages and the API both ways, and packs them for the way', async () => {
    const headers = { 'x-forwarded-for': '10.0.0.1', cookie: 'session=1' }
    const created = await fetch(`${edge.url}/api/v1/x`, {
      method: 'POST',
      body: 'hello'.repeat(50_000),
      headers,
    })
    expect([created.status, (await created.text()).slice(0, 5)]).toEqual([201, 'HELLO'])
    expect(asked[0]?.headers).toMatchObject({
      cookie: 'session=1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': `127.0.0.1:${edge.port}`,
      'x-request-id': created.headers.get('x-request-id'),
    })
    const page = await fetch(edge.url, { headers: { 'accept-encoding': 'gzip' } })
    expect(page.headers.get('content-encoding')).toBe('gzip')
    expect(page.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect((await page.text()).length).toBe(3000)
  })

  test('a viewer who goes away from a page is gone for the server of the pages too', async () => {
    const held = Promise.withResolvers<ServerResponse>()
    answerPage = held.resolve
    const viewer = new AbortController()
    const page = fetch(`${edge.url}/slow`, { signal: viewer.signal }).catch(({ name }) => name)
    const response = await held.promise
    viewer.abort()
    expect(await page).toBe('AbortError')
    if (!response.closed) await once(response, 'close')
    expect(response.writableFinished).toBe(false)
  })

  test('a viewer who goes away in the middle of a long page ends it', async () => {
    const held = Promise.withResolvers<ServerResponse>()
    answerPage = held.resolve
    const viewer = new AbortController()
    const page = fetch(`${edge.url}/long`, { signal: viewer.signal })
    const response = await held.promise
    response.writeHead(200, { 'content-type': 'text/plain' }).write('a beginning')
    const reader = (await page).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('a beginning')
    viewer.abort()
    if (!response.closed) await once(response, 'close')
    expect(response.writableFinished).toBe(false)
  })

  test('a viewer who goes away from an object that still arrives leaves it to the others', async () => {
    const held = Promise.withResolvers<ServerResponse>()
    answerPlaylist = held.resolve
    const url = `${edge.url}/p/${await token()}/${PLAYLIST}?_HLS_msn=5`
    const viewer = new AbortController()
    const first = fetch(url, { signal: viewer.signal }).catch(({ name }) => name)
    const response = await held.promise
    const second = fetch(url)
    const figures = async () => (await fetch(`${edge.metricsUrl}/metrics`)).text()
    await expect.poll(figures, PATIENCE).toContain('streamtube_edge_requests_in_flight{process="edge"} 2')
    viewer.abort()
    expect(await first).toBe('AbortError')
    response.end('#EXTM3U')
    expect(await (await second).text()).toBe('#EXTM3U')
    expect(asked.length).toBe(1)
  })

  test('tells its health and its figures on a port of its own', async () => {
    expect(await (await fetch(`${edge.metricsUrl}/readyz`)).text()).toBe('ready\n')
    expect(await (await fetch(`${edge.metricsUrl}/healthz`)).text()).toBe('ok\n')
    expect(await (await fetch(`${edge.metricsUrl}/metrics`)).text()).toContain(
      'streamtube_edge_requests_total{',
    )
  })

  test('told to end, takes nobody new, lets those who wait have their answer, and ends well', async () => {
    const waiting = Promise.withResolvers<ServerResponse>()
    answerPlaylist = waiting.resolve
    const open = fetch(`${edge.url}/p/${await token()}/${PLAYLIST}?_HLS_msn=1`)
    const held = await waiting.promise
    const draining = once(edge.child, 'exit')
    edge.child.kill('SIGTERM')
    await expect.poll(() => edge.lines.join(''), PATIENCE).toContain('"Draining"')
    const visit = () =>
      fetch(edge.url).then(
        () => 'taken',
        () => 'refused',
      )
    await expect.poll(visit, PATIENCE).toBe('refused')
    held.end('#EXTM3U')
    expect(await (await open).text()).toBe('#EXTM3U')
    expect(await draining).toEqual([0, null])
    expect(edge.lines.join('')).not.toContain((await token()).slice(0, 40))
  })
})

/** A server whose sockets answer each short text in capitals (RFC 6455, 5.2). */
async function startSocketServer(): Promise<Server> {
  const server = createServer((_, response) => response.end('no socket'))
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: vite-hmr\r\n\r\n`,
    )
    socket.on('data', (frame: Buffer) => {
      if ((frame[0] ?? 0) !== 0x81) return socket.end()
      const [mask, masked] = [frame.subarray(2, 6), frame.subarray(6)]
      const said = Buffer.from(masked.map((byte, i) => byte ^ (mask[i % 4] ?? 0))).toString()
      const answer = Buffer.from(`${request.url} ${said.toUpperCase()}`)
      socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), answer]))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

describe('a WebSocket of the pages', () => {
  let pages: Server
  let url = ''
  beforeAll(async () => {
    pages = await startSocketServer()
    url = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`
  })
  afterAll(() => {
    pages.closeAllConnections()
    pages.close()
    for (const child of running) child.kill('SIGKILL')
  })

  test('is connected with their server in development, for the site’s own pages', async () => {
    const edge = await startEdge(0, { WEB_URL: url, WATCH: '1' })
    const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/?token=1`, 'vite-hmr')
    socket.addEventListener('open', () => socket.send('hello'))
    const [{ data }] = (await once(socket, 'message')) as [MessageEvent]
    expect([data, socket.protocol]).toEqual(['/?token=1 HELLO', 'vite-hmr'])
    socket.close()
    await once(socket, 'close')
    const stranger = await upgrade(edge.port, 'Origin: http://evil.test')
    expect(stranger).toMatch(/^HTTP\/1.1 403/)
  })

  test('that breaks off ends its own connection, not the edge', async () => {
    const edge = await startEdge(0, { WEB_URL: url, WATCH: '1' })
    const handshake = upgradeRequest('Origin: http://localhost')
    const socket = connect(edge.port, '127.0.0.1', () => socket.write(handshake))
    await once(socket, 'data')
    socket.resetAndDestroy()
    // A frame that no client may send: it is not masked (RFC 6455, 5.1).
    const other = connect(edge.port, '127.0.0.1', () => other.write(handshake))
    await once(other, 'data')
    other.write(Buffer.from([0xff, 0x05, 1, 2, 3, 4, 5]))
    other.resume().on('error', () => {})
    await new Promise((resolve) => other.once('close', resolve))
    expect((await fetch(edge.url)).status).toBe(200)
    expect(edge.child.exitCode).toBe(null)
  })

  test('is none anywhere else', async () => {
    const edge = await startEdge(0, { WEB_URL: url })
    const answer = await upgrade(edge.port, 'Origin: http://localhost')
    expect(answer).toMatch(/^HTTP\/1.1 200/)
    expect(answer).toContain('no socket')
  })
})

describe('the life of the process', () => {
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL')
  })

  test('it waits for a port that is still held and takes over when it is free', async () => {
    const holder = createServer((_, response) => response.end('set-up page')).listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    const child = spawnEdge(port)
    const lines: string[] = []
    const log = createInterface(child.stdout)[Symbol.asyncIterator]()
    const next = async (message: string) => {
      for (;;) {
        const { value, done } = await log.next()
        if (done) throw new Error(`no "${message}" in ${lines.join('\n')}`)
        lines.push(value)
        if (value.includes(message)) return
      }
    }
    await next('Waiting for the port')
    holder.close()
    await next('Taking viewers')
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('it ends when its parent does', async () => {
    const edge = await startEdge()
    const ended = once(edge.child, 'exit')
    edge.child.stdin.end()
    expect(await ended).toEqual([0, null])
  })

  test('an address that is not of this machine is said and the process ends', async () => {
    // TEST-NET-1 (RFC 5737): nobody's.
    const child = spawnEdge(0, '192.0.2.1')
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    expect(said).toContain('Viewers can not be taken')
    expect(code).toBe(1)
  })

  test('a variable that is missing is named and the process ends', async () => {
    privateJwk = ''
    const child = spawnEdge()
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    privateJwk = await makePrivateJwk()
    expect(said).toContain('EDGE_PRIVATE_JWK is not set')
    expect(code).toBe(1)
  })
})
