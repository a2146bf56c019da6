import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type LoneEdge, startLoneEdge } from '../../test/support/lone-edge.ts'
import { residentBytes } from '../../test/support/process-usage.ts'
import { livePlaylist } from './testing/live-playlist.ts'
import { TIMELINE, VIDEO } from './testing/test-edge.ts'

const PATIENCE = { timeout: 20_000 }
const MIB = 1024 * 1024
const LIST = `live/${VIDEO}/source.m3u8`
const SMALL = `m/${TIMELINE}/source/1/s1.m4s`
const LARGE = `m/${TIMELINE}/source/1/s2.m4s`

describe('slow readers', () => {
  const bytes = Buffer.alloc(24 * MIB, 'x')
  const sockets: Socket[] = []
  let edge: LoneEdge
  beforeAll(async () => {
    edge = await startLoneEdge({
      origin: (address, response) => {
        const body = address.endsWith('s1.m4s') ? Buffer.from('small') : bytes
        response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': body.length }).end(body)
      },
    })
  })
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  afterAll(() => edge.stop())

  /** Asks, reads the first bytes, and then no more. */
  async function stall(media: string): Promise<Socket> {
    const socket = connect(edge.port, '127.0.0.1')
    sockets.push(socket)
    socket.write(`GET ${edge.path(media)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    socket.pause()
    expect(chunk.toString('latin1')).toMatch(/^HTTP\/1\.1 200/)
    return socket
  }

  async function fetchWhole(media: string): Promise<number> {
    return (await (await fetch(`http://127.0.0.1:${edge.port}${edge.path(media)}`)).arrayBuffer()).byteLength
  }

  test('forty that stand still in a large object cost less than two copies of it, and nobody else anything', async () => {
    await fetchWhole(LARGE)
    const before = residentBytes(edge.pid)
    await Promise.all([...Array(40)].map(() => stall(LARGE)))
    expect(await fetchWhole(SMALL)).toBe(5)
    expect(await fetchWhole(LARGE)).toBe(bytes.length)
    expect(residentBytes(edge.pid) - before).toBeLessThan(2 * bytes.length)
  })

  test('one that reads on after a while gets all of it', async () => {
    const socket = await stall(LARGE)
    await fetchWhole(LARGE)
    let received = 0
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    socket.resume()
    await expect.poll(() => received, PATIENCE).toBeGreaterThan(bytes.length - MIB)
  })

  test('requests sent in one go over one connection are answered in their order', async () => {
    const socket = connect(edge.port, '127.0.0.1')
    const ask = (media: string, more = '') =>
      `GET ${edge.path(media)} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`
    socket.write(ask(SMALL) + ask(`m/${TIMELINE}/nonsense`) + ask(SMALL, 'Connection: close\r\n'))
    expect((await text(socket)).match(/HTTP\/1\.1 \d{3}/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 404',
      'HTTP/1.1 200',
    ])
  })
})

describe('an edge with a certificate', () => {
  const playlist = livePlaylist({ segments: 5, finishedParts: 10, parts: 3 })
  let folder = ''
  let edge: LoneEdge
  let asked: string[] = []
  let waiting = Promise.withResolvers<ServerResponse>()
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'streamtube-tls-'))
    edge = await startLoneEdge({
      tls: makeCertificate(folder),
      origin: (address, response) => {
        asked.push(address)
        if (address.includes('_HLS_msn')) return waiting.resolve(response)
        response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': 5 }).end('small')
      },
    })
  })
  afterEach(() => {
    asked = []
    waiting = Promise.withResolvers()
  })
  afterAll(async () => {
    await edge.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('speaks HTTP/2: 300 readers on one connection wait for a part and all have it, for one origin request', async () => {
    const session = await openHttp2(edge.port)
    try {
      expect(session.alpnProtocol).toBe('h2')
      const readers = [...Array(300)].map(() => get(session, edge.path(`${LIST}?_HLS_msn=5&_HLS_part=2`)))
      const response = await waiting.promise
      // As many as the edge takes at once on a connection; the others come as these are answered.
      await expect
        .poll(async () => blockedReaders(await edge.metrics()), PATIENCE)
        .toBeGreaterThanOrEqual(Math.min(300, session.remoteSettings.maxConcurrentStreams ?? 300))
      response.writeHead(200, {
        'content-type': 'application/vnd.apple.mpegurl',
        'cache-control': 'no-store',
      })
      response.end(playlist)
      const answers = await Promise.all(readers)
      expect(answers.map(({ body }) => body)).toEqual(Array(300).fill(playlist))
      expect(asked).toEqual([`${LIST}?_HLS_msn=5&_HLS_part=2`])
      expect(answers[0]?.headers).toMatchObject({
        ':status': 200,
        'access-control-allow-origin': '*',
        'cache-control': 'no-store',
        'content-type': 'application/vnd.apple.mpegurl',
      })
      expect(Object.keys(answers[0]?.headers ?? {})).not.toContain('connection')
    } finally {
      session.destroy()
    }
  })

  test('a reader on HTTP/2 who goes away leaves the others of the connection waiting for theirs', async () => {
    const session = await openHttp2(edge.port)
    try {
      const path = edge.path(`${LIST}?_HLS_msn=5&_HLS_part=3`)
      const gone = session.request({ ':path': path })
      const response = await waiting.promise
      const stays = get(session, path)
      await expect.poll(async () => blockedReaders(await edge.metrics()), PATIENCE).toBe(2)
      gone.close()
      response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(playlist)
      expect((await stays).body).toBe(playlist)
    } finally {
      session.destroy()
    }
  })

  test('speaks HTTP/1.1 on the same port to who knows no other', async () => {
    const request = requestHttps({
      port: edge.port,
      host: '127.0.0.1',
      path: edge.path(SMALL),
      rejectUnauthorized: false,
      agent: false,
    }).end()
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
    expect([response.httpVersion, response.statusCode, await text(response)]).toEqual(['1.1', 200, 'small'])
  })
})

function blockedReaders(metrics: string): number {
  return Number(/^streamtube_edge_blocked_readers\{[^}]*\} (\d+)$/m.exec(metrics)?.[1])
}

async function openHttp2(port: number): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  await once(session, 'remoteSettings')
  return session
}

async function get(session: ClientHttp2Session, path: string) {
  const stream = session.request({ ':path': path })
  const [[headers], body] = await Promise.all([once(stream, 'response'), text(stream)])
  return { headers: headers as Record<string, unknown>, body }
}

/** A certificate that nobody but its maker vouches for. */
function makeCertificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...subject],
    {
      stdio: 'ignore',
    },
  )
  return { cert, key }
}
